// The tree: a list of rows of equal height, of which only those in sight are elements.

const ROW_HEIGHT = 24;
const DEEPEST_INDENT = 24;
const MOST_PRINTED = 5000;

function makeTree(model, store) {
  const box = document.getElementById("tree"), rows = document.getElementById("rows");
  const { state } = store;
  let nodes = [];   // the rows, folded as they are now
  const places = new Int32Array(model.count).fill(-1);     // of the nodes among them
  const positions = new Int32Array(model.count), sizes = new Int32Array(model.count);   // among what is beside them
  let drawn = [-1, -1], printed = false;

  headings(model);
  // On paper nothing scrolls: all rows are there.
  window.addEventListener("beforeprint", () => { printed = true; draw(true); });
  window.addEventListener("afterprint", () => { printed = false; draw(true); });
  box.addEventListener("scroll", () => draw(false));
  new ResizeObserver(() => draw(false)).observe(box);
  store.listen((parts) => {
    const moved = ["open", "shown", "split", "order"].some((key) => key in parts);
    if (moved) arrange();
    if (moved || "selected" in parts) keepInSight();
    if ("hovered" in parts && Object.keys(parts).length === 1) markHovered();
    else draw(true);
  });

  function arrange() {
    for (const node of nodes) { places[node] = -1; sizes[node] = 0; }
    nodes = unfolded(model, state);
    nodes.forEach((node, place) => {
      places[node] = place;
      positions[node] = node > 0 ? ++sizes[model.parent[node]] : 1;
    });
  }

  function keepInSight() {
    const place = placeOf(state.selected);
    if (place < 0) return;
    rows.style.height = `${nodes.length * ROW_HEIGHT}px`;
    const top = place * ROW_HEIGHT, bottom = top + ROW_HEIGHT;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (bottom > box.scrollTop + box.clientHeight) box.scrollTop = bottom - box.clientHeight;
  }

  function draw(anew) {
    const first = printed ? 0 : Math.max(0, Math.floor(box.scrollTop / ROW_HEIGHT) - 6);
    const past = Math.min(nodes.length, printed ? MOST_PRINTED : Math.ceil((box.scrollTop + box.clientHeight) / ROW_HEIGHT) + 6);
    if (!anew && first === drawn[0] && past === drawn[1]) return;
    drawn = [first, past];
    rows.style.height = `${nodes.length * ROW_HEIGHT}px`;
    const swatches = state.sorted ? inks(state.sorted.categories.map((each) => each.colour)) : [];
    const elements = [];
    for (let place = first; place < past; place++) elements.push(rowElement(place, swatches));
    const place = placeOf(state.selected);
    // What a screen reader is told is in focus has to exist, in sight or not.
    if (place >= 0 && (place < first || place >= past)) elements.push(rowElement(place, swatches));
    rows.replaceChildren(...elements);
    if (place >= 0) box.setAttribute("aria-activedescendant", `node-${state.selected}`);
    else box.removeAttribute("aria-activedescendant");
  }

  function markHovered() {
    for (const element of rows.children) element.classList.toggle("hovered", Number(element.dataset.node) === state.hovered);
  }

  function rowElement(place, swatches) {
    const node = nodes[place], row = rowOf(model, state, node), group = isGroup(model, state, node);
    const element = make("div", "row");
    element.id = `node-${node}`;
    element.dataset.node = node;
    element.style.top = `${place * ROW_HEIGHT}px`;
    element.setAttribute("role", "treeitem");
    element.setAttribute("aria-level", model.depth[node] + 1);
    element.setAttribute("aria-posinset", positions[node]);
    element.setAttribute("aria-setsize", node > 0 ? sizes[model.parent[node]] : 1);
    element.setAttribute("aria-selected", node === state.selected);
    if (group) element.setAttribute("aria-expanded", Boolean(state.open[node]));
    element.classList.toggle("group", group);
    element.classList.toggle("hovered", node === state.hovered);
    const name = make("span", "name");
    name.style.paddingLeft = `${6 + Math.min(model.depth[node], DEEPEST_INDENT) * 14}px`;
    const lead = make("span", group ? "twisty" : "swatch");
    lead.setAttribute("aria-hidden", "true");
    if (!group) lead.style.backgroundColor = swatches[state.sorted.category[row]];
    name.append(lead, make("span", "label", legible(labelOf(model, state, node), 300) || "(no name)"));
    if (model.fold[node]) name.append(timesBadge(model, state, node));
    if (!group && row >= 0 && model.compared) name.append(...badges(model, row));
    if (group && model.differing[node]) name.append(make("span", "badge", `${countText(model.differing[node])} differ`));
    element.append(name);
    for (const [text, className] of row < 0 ? groupCells(model, node) : rowCells(model, row)) {
      element.append(make("span", className, text));
    }
    element.append(bytesCell(model, node));
    return element;
  }

  function placeOf(node) { return node < 0 ? -1 : places[node]; }

  return {
    nodes: () => nodes,
    placeOf,
    page: () => Math.max(1, Math.floor(box.clientHeight / ROW_HEIGHT) - 1),
  };
}

function headings(model) {
  const titles = model.compared ? [["old", "before"], ["new", "after"]] : [["shape", "shape"], ["dtype", "dtype"]];
  document.getElementById("by-name").after(...titles.map(([title, className]) => make("span", className, title)));
  document.body.classList.toggle("compared", model.compared);
}

// `32 ×`; of a fold that is a branch of its own, what takes it apart and puts it together.
function timesBadge(model, state, node) {
  const badge = make("span", "badge times", `${countText(model.fold[node])} ×`);
  if (!isFold(model, node)) return badge;
  badge.classList.add("turns");
  badge.title = isWhole(model, state, node) ? "Show each of them (u)" : "Show them as one (u)";
  return badge;
}

function badges(model, row) {
  return marksOf(model, row).map((mark) => make("span", `badge ${mark}`, mark));
}

function rowCells(model, row) {
  const spec = specOf(model, row);
  if (!model.compared) {
    return spec.kind === "parameter" ? [[shapeText(spec.shape), "cell"], [spec.dtype, "cell dtype"]] : [[legible(spec.note, 300), "cell wide"]];
  }
  const before = specBefore(model, row);
  return [[cellText(before), "cell before"], [isRemoved(model, row) ? "–" : cellText(spec), "cell after"]];
}

function cellText(spec) {
  if (!spec) return "–";
  return spec.kind === "parameter" ? `${shapeText(spec.shape)} ${spec.dtype}` : legible(spec.note, 300);
}

function groupCells(model, node) {
  return [[plural(model.leaves[node], "parameter"), "cell wide quiet"]];
}

function bytesCell(model, node) {
  const bytes = model.row[node] < 0 ? model.bytes[node] : model.area[node];
  const cell = make("span", "cell bytes", bytes ? bytesText(bytes) : "");
  cell.style.setProperty("--share", model.area[0] ? model.area[node] / model.area[0] : 0);
  return cell;
}
