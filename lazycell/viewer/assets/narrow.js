// The box to search in, and the filter: what they leave of the tree and of the map.

const find = makeSearch(model);
let before = null;   // what was open and taken apart before a search

function narrow(parts) {
  const query = "query" in parts ? parts.query : state.query;
  const onlyDifferences = "onlyDifferences" in parts ? parts.onlyDifferences : state.onlyDifferences;
  const matched = find(query);
  const { shown, mixed } = shownNodes(model, matched, onlyDifferences);
  let { open, split } = state;
  if (shown) {
    before = before || { open, split, selected: state.selected };
    open = allOpen(model);
    split = before.split.map((apart, node) => apart | mixed[node]);
  } else if (before) {
    // What was found stays in sight; the rest is as it was.
    ({ open, split } = revealed(model, before, state.selected));
    before = null;
  }
  // A letter on the way may leave out what was selected, and the next one bring it back.
  const selected = shown ? [state.selected, before.selected, 0].find((node) => node > 0 && shown[node]) || 0 : state.selected;
  settle({ query, onlyDifferences, matched, shown, mixed, open, split, selected });
}

function tellFound() {
  const { matched } = state;
  if (!matched) { byId("found").textContent = ""; return; }
  let count = 0, bytes = 0;
  for (let row = 0; row < matched.length; row++) {
    if (!matched[row]) continue;
    count++;
    if (!isRemoved(model, row)) bytes += specOf(model, row).nbytes || 0;
  }
  const found = count === 1 ? "1 match" : `${countText(count)} matches`;
  const hint = state.query.includes("*") ? ": with a *, a word describes the whole name" : "";
  byId("found").textContent = count ? `${found} · ${bytesText(bytes)} · ${shareText(bytes, model.bytes[0])}` : found + hint;
}

// The next row that is shown, in the tree's order and round again.
function nextMatch(step) {
  const nodes = unfolded(model, { ...state, open: allOpen(model) }).filter((node) => !isGroup(model, state, node));
  if (nodes.length === 0) return;
  const here = nodes.indexOf(state.selected);
  if (here >= 0) return select(nodes[(here + step + nodes.length) % nodes.length]);
  const after = firstAfter(nodes, state.selected);
  select(nodes[(after + (step > 0 ? 0 : step) + nodes.length) % nodes.length]);
}

// A group stands before what is in it.
function firstAfter(nodes, group) {
  const within = nodes.findIndex((node) => isWithin(model, node, group));
  return Math.max(0, within);
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
byId("folds-label").hidden = model.folds.length === 0;
byId("folds").addEventListener("change", (event) => takeAllApart(!event.target.checked));
byId("sort").addEventListener("change", (event) => sortBy(event.target.value));
byId("by-name").addEventListener("click", () => sortBy("declared"));
byId("by-bytes").addEventListener("click", () => sortBy("bytes"));

store.listen((parts) => {
  if ("matched" in parts) tellFound();
  if ("query" in parts && byId("search").value.trim() !== state.query) byId("search").value = state.query;
  if ("onlyDifferences" in parts) byId("only").checked = state.onlyDifferences;
  if ("split" in parts) byId("folds").checked = !model.folds.some((node) => state.split[node]);
  if ("order" in parts) {
    byId("sort").value = state.order.key;
    byId("by-name").setAttribute("aria-pressed", state.order.key === "declared");
    byId("by-bytes").setAttribute("aria-pressed", state.order.key === "bytes");
  }
  if (["shown", "open", "split"].some((key) => key in parts)) byId("shown").textContent = plural(tree.nodes().length, "row");
});
