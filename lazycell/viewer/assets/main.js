// Put it together: what the reader does becomes a change of the store.

const byId = (id) => document.getElementById(id);
const model = readModel(JSON.parse(byId("data").textContent));
const store = makeStore(model);
const { state } = store;
const tree = makeTree(model, store);
const map = makeMap(model, store);
makeDetails(model, store);
const find = makeSearch(model);

// ------------------------------------------------------------------------------------------------- selecting and zooming

// Select a node; wherever it was selected, the tree unfolds down to it and the map widens until it is in it.
function select(node, more = {}) {
  if (node === undefined) return;   // nothing is beside the only one
  const open = revealed(model, more.open || state.open, node);
  store.change({ ...more, open, selected: node, zoom: zoomAround(model, "zoom" in more ? more.zoom : state.zoom, node) });
}

function fold(node, opened) {
  if (!isGroup(model, node) || Boolean(state.open[node]) === opened) return;
  const open = state.open.slice();
  open[node] = opened ? 1 : 0;
  // What is selected does not vanish: the group that closes over it takes its place.
  store.change(isWithin(model, state.selected, node) && !opened ? { open, selected: node } : { open });
}

function zoomTo(node) {
  store.change({ zoom: isGroup(model, node) ? node : Math.max(0, model.parent[node]) });
}

function zoomOut() {
  if (state.zoom > 0) store.change({ zoom: outOf(state.zoom) });
}

// Groups that hold a single group look alike: out of all of them at once.
function outOf(node) {
  do node = model.parent[node]; while (node > 0 && lonely(model, model.parent[node]).chain.includes(node));
  return node;
}

// One step from the zoomed group towards the node.
function zoomTowards(node) {
  const line = lineage(model, node);
  const held = lonely(model, state.zoom).last;
  const next = line[model.depth[held] + 1];
  return next !== undefined && isGroup(model, next) ? next : state.zoom;
}

// ----------------------------------------------------------------------------------------------------- search and filter

let openBefore = null;   // how the tree was folded before a search

function narrow(parts) {
  const query = "query" in parts ? parts.query : state.query;
  const onlyDifferences = "onlyDifferences" in parts ? parts.onlyDifferences : state.onlyDifferences;
  const matched = find(query);
  const shown = shownNodes(model, matched, onlyDifferences);
  let { open } = state;
  if (shown) {
    openBefore = openBefore || open;
    open = allOpen(model);
  } else if (openBefore) {
    open = revealed(model, openBefore, state.selected);
    openBefore = null;
  }
  const selected = shown && !shown[state.selected] ? 0 : state.selected;
  store.change({ query, onlyDifferences, matched, shown, open, selected });
}

function matches() {
  let count = 0;
  for (const matched of state.matched) count += matched;
  return count;
}

function tellFound() {
  if (!state.matched) { byId("found").textContent = ""; return; }
  const count = matches();
  const hint = count === 0 && state.query.includes("*") ? ": with a *, a pattern describes the whole name" : "";
  byId("found").textContent = count === 1 ? "1 match" : `${countText(count)} matches${hint}`;
}

// The next row that is shown and matches, in the tree's order and round again.
function nextMatch(step) {
  for (let turn = 1; turn <= model.count; turn++) {
    const node = (((state.selected + step * turn) % model.count) + model.count) % model.count;
    const row = model.row[node];
    if (row >= 0 && (!state.matched || state.matched[row]) && (!state.shown || state.shown[node])) return select(node);
  }
}

byId("search").addEventListener("input", (event) => narrow({ query: event.target.value.trim() }));
byId("search").addEventListener("keydown", (event) => {
  if (event.key === "Enter") nextMatch(event.shiftKey ? -1 : 1);
  else if (event.key === "ArrowDown") byId("tree").focus();
  else if (event.key === "Escape") { clearSearch(); byId("tree").focus(); }
  else return;
  event.preventDefault();
  event.stopPropagation();
});

function clearSearch() {
  byId("search").value = "";
  if (state.query) narrow({ query: "" });
}

byId("only-label").hidden = !model.compared;
byId("only").addEventListener("change", (event) => narrow({ onlyDifferences: event.target.checked }));
byId("expand").addEventListener("click", () => store.change({ open: allOpen(model) }));
byId("collapse").addEventListener("click", () => store.change({ open: openDown(model, [0]), selected: 0 }));

// -------------------------------------------------------------------------------------------------------------- the tree

const nodeUnder = (event) => {
  const row = event.target.closest("[data-node]");
  return row ? Number(row.dataset.node) : -1;
};
byId("tree").addEventListener("click", (event) => {
  const node = nodeUnder(event);
  if (node < 0) return;
  if (event.target.classList.contains("twisty")) fold(node, !state.open[node]);
  else select(node);
});
byId("tree").addEventListener("dblclick", (event) => {
  const node = nodeUnder(event);
  if (node >= 0 && !event.target.classList.contains("twisty")) fold(node, !state.open[node]);
});
byId("tree").addEventListener("pointermove", (event) => hover(nodeUnder(event)));
byId("tree").addEventListener("pointerleave", () => hover(-1));

function hover(node) { if (node !== state.hovered) store.change({ hovered: node }); }

function move(steps) {
  const nodes = tree.nodes(), place = tree.placeOf(state.selected);
  select(nodes[Math.max(0, Math.min(nodes.length - 1, Math.max(0, place) + steps))]);
}

const TREE_KEYS = {
  ArrowDown: () => move(1),
  ArrowUp: () => move(-1),
  PageDown: () => move(tree.page()),
  PageUp: () => move(-tree.page()),
  Home: () => move(-Infinity),
  End: () => move(Infinity),
  ArrowRight: (node) => (isGroup(model, node) && !state.open[node] ? fold(node, true) : isGroup(model, node) && move(1)),
  ArrowLeft: (node) => (isGroup(model, node) && state.open[node] ? fold(node, false) : node > 0 && select(model.parent[node])),
  Enter: (node) => zoomTo(node),
  " ": (node) => fold(node, !state.open[node]),
};
byId("tree").addEventListener("keydown", (event) => press(TREE_KEYS, event));

function press(keys, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) return;
  event.preventDefault();
  hover(-1);
  keys[event.key](state.selected);
}

// --------------------------------------------------------------------------------------------------------------- the map

const tileUnder = (event) => {
  const box = byId("map").getBoundingClientRect();
  return map.at(event.clientX - box.left, event.clientY - box.top);
};
byId("map").addEventListener("click", (event) => {
  const node = tileUnder(event);
  if (node >= 0) select(node, { zoom: zoomTowards(node) });
});
byId("map").addEventListener("pointermove", (event) => hover(tileUnder(event)));
byId("map").addEventListener("pointerleave", () => hover(-1));

function besides(step) {
  const siblings = childrenOf(model, Math.max(0, model.parent[state.selected]));
  select(siblings[(siblings.indexOf(state.selected) + step + siblings.length) % siblings.length]);
}

const MAP_KEYS = {
  ArrowRight: () => besides(1),
  ArrowDown: () => besides(1),
  ArrowLeft: () => besides(-1),
  ArrowUp: () => besides(-1),
  Enter: (node) => (childrenOf(model, node).length ? select(childrenOf(model, node)[0], { zoom: node }) : zoomTo(node)),
  Backspace: () => zoomOut(),
};
byId("map").addEventListener("keydown", (event) => press(MAP_KEYS, event));

function drawCrumbs() {
  const line = lineage(model, state.zoom);
  const crumbs = line.map((node, place) => {
    const crumb = make("button", "crumb", legible(model.label[node], 60));
    crumb.type = "button";
    if (place === line.length - 1) crumb.setAttribute("aria-current", "location");
    crumb.addEventListener("click", () => select(node, { zoom: node }));
    return crumb;
  });
  byId("crumbs").replaceChildren(...crumbs);
  byId("crumbs").scrollLeft = byId("crumbs").scrollWidth;
}

// --------------------------------------------------------------------------------------------------- colours and theme

const modes = modesOf(model);
byId("mode").append(...modes.map(({ key, label }) => {
  const option = make("option", "", label);
  option.value = key;
  return option;
}));
byId("mode").addEventListener("change", (event) => colourBy(event.target.value));

function colourBy(key) { store.change({ sorted: sortRows(model, key), highlight: -1 }); }

function drawLegend() {
  const { categories } = state.sorted;
  const colours = inks(categories.map((each) => each.colour));
  byId("legend").replaceChildren(...categories.map((each, place) => {
    const item = make("li"), button = make("button", "entry"), swatch = make("span", "swatch");
    button.type = "button";
    button.title = "Show these alone in the map";
    button.setAttribute("aria-pressed", state.highlight === place);
    swatch.style.backgroundColor = colours[place];
    button.append(swatch, make("span", "label", legible(each.label, 60)), make("span", "quiet", countText(each.count)));
    button.addEventListener("click", () => {
      store.change({ highlight: state.highlight === place ? -1 : place });
      byId("legend").children[place].firstChild.focus();
    });
    item.append(button);
    return item;
  }));
}

const darkness = window.matchMedia("(prefers-color-scheme: dark)");
darkness.addEventListener("change", () => wear(darkness.matches ? "dark" : "light"));
byId("theme").addEventListener("click", () => wear(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));

function wear(theme) {
  document.documentElement.dataset.theme = theme;
  byId("theme").textContent = theme === "dark" ? "Light" : "Dark";
  byId("theme").setAttribute("aria-label", theme === "dark" ? "Use light colours" : "Use dark colours");
  store.change({ theme });
}

// ------------------------------------------------------------------------------------------------------- the whole page

store.listen((parts) => {
  if ("zoom" in parts) drawCrumbs();
  if ("matched" in parts) tellFound();
  if (state.sorted && ["sorted", "highlight", "theme"].some((key) => key in parts)) drawLegend();
  if ("shown" in parts || "open" in parts) byId("shown").textContent = plural(tree.nodes().length, "row");
  if ("selected" in parts) byId("map").setAttribute("aria-label", `Map of bytes: ${legible(pathOf(model, state.selected), 200) || "the model"}`);
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select");
  if (event.key === "/" && !typing) { event.preventDefault(); byId("search").focus(); byId("search").select(); }
  else if (event.key === "Escape") {
    if (state.query) clearSearch();
    else if (state.highlight >= 0) store.change({ highlight: -1 });
    else zoomOut();
  }
});

const split = byId("split");
function divide(share) {
  const percent = Math.round(Math.max(20, Math.min(80, share)));
  split.setAttribute("aria-valuenow", percent);
  document.documentElement.style.setProperty("--split", `${percent}%`);
}
split.addEventListener("pointerdown", (event) => { split.setPointerCapture(event.pointerId); event.preventDefault(); });
split.addEventListener("pointermove", (event) => {
  if (split.hasPointerCapture(event.pointerId)) divide((100 * event.clientX) / window.innerWidth);
});
split.addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -2, ArrowRight: 2 }[event.key];
  if (step) { event.preventDefault(); divide(Number(split.getAttribute("aria-valuenow")) + step); }
});

function tellTotals() {
  const side = model.sides[model.sides.length - 1];
  const texts = [plural(side.parameters, "parameter"), plural(side.elements, "element"), bytesText(side.nbytes)];
  if (!side.declared) texts.unshift("checkpoint");
  byId("totals").textContent = texts.join(" · ");
}

// What the keys and values of so many texts of such a length take; a window keeps its newest positions.
function tellCache() {
  const { caches } = model.sides[model.sides.length - 1];
  byId("cache").hidden = caches.length === 0;
  const [batch, length] = ["batch", "length"].map((id) => Math.floor(byId(id).valueAsNumber));
  if (!(batch >= 1 && length >= 1)) { byId("cache-bytes").textContent = ""; return; }
  const bytes = (windows) => batch * caches.reduce((sum, [each, window]) =>
    sum + each * (windows && window !== null ? Math.min(length, window) : length), 0);
  const whole = bytes(false), kept = bytes(true);
  const without = whole === kept ? "" : `; ${bytesText(whole)} without windows`;
  const all = bytesText(kept + model.sides[model.sides.length - 1].nbytes);
  byId("cache-bytes").textContent = `${bytesText(kept)}${without} · with the weights ${all}`;
}
for (const id of ["batch", "length"]) byId(id).addEventListener("input", tellCache);

tellTotals();
tellCache();
byId("mode").value = firstMode(model, modes);
wear(darkness.matches ? "dark" : "light");
colourBy(byId("mode").value);
select(0, { open: firstOpen(model), zoom: 0 });
// Milliseconds from navigation to a tree that can be used.
document.documentElement.dataset.ready = Math.round(performance.now());
