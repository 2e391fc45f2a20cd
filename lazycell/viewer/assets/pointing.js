// The tree and the map, by pointer and by keyboard.

const nodeUnder = (event) => {
  const row = event.target.closest("[data-node]");
  return row ? Number(row.dataset.node) : -1;
};
byId("tree").addEventListener("click", (event) => {
  const node = nodeUnder(event);
  if (node < 0) return;
  if (event.target.classList.contains("twisty")) fold(node, !state.open[node]);
  else if (event.target.classList.contains("turns")) takeApart(node, !state.split[node]);
  else select(node);
});
byId("tree").addEventListener("dblclick", (event) => {
  const node = nodeUnder(event);
  if (node >= 0 && !event.target.matches(".twisty, .turns")) fold(node, !state.open[node]);
});
byId("tree").addEventListener("pointermove", (event) => hover(nodeUnder(event)));
byId("tree").addEventListener("pointerleave", () => hover(-1));

function hover(node) { if (node !== state.hovered) store.change({ hovered: node }); }

function move(steps) {
  const nodes = tree.nodes(), place = tree.placeOf(state.selected);
  select(nodes[Math.max(0, Math.min(nodes.length - 1, Math.max(0, place) + steps))]);
}

const opens = (node) => isGroup(model, state, node);
const TREE_KEYS = {
  ArrowDown: () => move(1),
  ArrowUp: () => move(-1),
  PageDown: () => move(tree.page()),
  PageUp: () => move(-tree.page()),
  Home: () => move(-Infinity),
  End: () => move(Infinity),
  ArrowRight: (node) => (opens(node) && !state.open[node] ? fold(node, true) : opens(node) && move(1)),
  ArrowLeft: (node) => (opens(node) && state.open[node] ? fold(node, false) : node > 0 && select(model.parent[node])),
  Enter: (node) => zoomTo(node),
  " ": (node) => fold(node, !state.open[node]),
};
byId("tree").addEventListener("keydown", (event) => press(TREE_KEYS, event));

function press(keys, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(keys, event.key)) return;
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
  const siblings = childrenOf(model, state, Math.max(0, model.parent[state.selected]));
  select(siblings[(siblings.indexOf(state.selected) + step + siblings.length) % siblings.length]);
}

const MAP_KEYS = {
  ArrowRight: () => besides(1),
  ArrowDown: () => besides(1),
  ArrowLeft: () => besides(-1),
  ArrowUp: () => besides(-1),
  Enter: (node) => (firstChild(model, state, node) >= 0 ? select(firstChild(model, state, node), { zoom: node }) : zoomTo(node)),
  Backspace: () => zoomOut(),
};
byId("map").addEventListener("keydown", (event) => press(MAP_KEYS, event));

function drawCrumbs() {
  const line = lineage(model, state.zoom);
  const crumbs = line.map((node, place) => {
    const crumb = make("button", "crumb", legible(labelOf(model, state, node), 60));
    crumb.type = "button";
    if (place === line.length - 1) crumb.setAttribute("aria-current", "location");
    crumb.addEventListener("click", () => select(node, { zoom: node }));
    return crumb;
  });
  byId("crumbs").replaceChildren(...crumbs);
  byId("crumbs").scrollLeft = byId("crumbs").scrollWidth;
}

store.listen((parts) => {
  if ("zoom" in parts || "split" in parts) drawCrumbs();
  if ("selected" in parts) byId("map").setAttribute("aria-label", `Map of bytes: ${legible(pathOf(model, state.selected), 200) || "the model"}`);
});
