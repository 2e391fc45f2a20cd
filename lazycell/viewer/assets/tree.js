// The tree: a list of rows of equal height, of which only those in sight are elements.

const ROW_HEIGHT = 24;
const DEEPEST_INDENT = 24;

function makeTree(model, store) {
  const box = document.getElementById("tree"), rows = document.getElementById("rows");
  const { state } = store;
  let nodes = [];   // the rows, folded as they are now
  let drawn = [-1, -1];

  headings(model);
  box.addEventListener("scroll", () => draw(false));
  new ResizeObserver(() => draw(false)).observe(box);
  store.listen((parts) => {
    if ("open" in parts || "shown" in parts) nodes = unfolded(model, state);
    if ("selected" in parts || "open" in parts || "shown" in parts) keepInSight();
    if ("hovered" in parts && Object.keys(parts).length === 1) markHovered();
    else draw(true);
  });

  function keepInSight() {
    const place = placeOf(state.selected);
    if (place < 0) return;
    rows.style.height = `${nodes.length * ROW_HEIGHT}px`;
    const top = place * ROW_HEIGHT, bottom = top + ROW_HEIGHT;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (bottom > box.scrollTop + box.clientHeight) box.scrollTop = bottom - box.clientHeight;
  }

  function draw(anew) {
    const first = Math.max(0, Math.floor(box.scrollTop / ROW_HEIGHT) - 6);
    const past = Math.min(nodes.length, Math.ceil((box.scrollTop + box.clientHeight) / ROW_HEIGHT) + 6);
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
    const node = nodes[place], row = model.row[node], group = isGroup(model, node);
    const element = make("div", "row");
    element.id = `node-${node}`;
    element.dataset.node = node;
    element.style.top = `${place * ROW_HEIGHT}px`;
    element.setAttribute("role", "treeitem");
    element.setAttribute("aria-level", model.depth[node] + 1);
    element.setAttribute("aria-selected", node === state.selected);
    if (group) element.setAttribute("aria-expanded", Boolean(state.open[node]));
    element.classList.toggle("group", group);
    element.classList.toggle("hovered", node === state.hovered);
    const name = make("span", "name");
    name.style.paddingLeft = `${6 + Math.min(model.depth[node], DEEPEST_INDENT) * 14}px`;
    const lead = make("span", group ? "twisty" : "swatch");
    lead.setAttribute("aria-hidden", "true");
    if (!group) lead.style.backgroundColor = swatches[state.sorted.category[row]];
    name.append(lead, make("span", "label", legible(model.label[node], 300) || "(no name)"));
    if (!group && model.compared) name.append(...badges(model, row));
    if (group && model.differing[node]) name.append(make("span", "badge", `${countText(model.differing[node])} differ`));
    element.append(name);
    for (const [text, className] of group ? groupCells(model, node) : rowCells(model, row)) {
      element.append(make("span", className, text));
    }
    element.append(bytesCell(model, node));
    return element;
  }

  // Binary search: the rows are in the order of the nodes.
  function placeOf(node) {
    let low = 0, high = nodes.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if (nodes[middle] === node) return middle;
      if (nodes[middle] < node) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  return {
    nodes: () => nodes,
    placeOf,
    page: () => Math.max(1, Math.floor(box.clientHeight / ROW_HEIGHT) - 1),
  };
}

function headings(model) {
  const titles = model.compared ? ["name", "old", "new", "bytes"] : ["name", "shape", "dtype", "bytes"];
  document.getElementById("columns").append(...titles.map((title) => make("span", "", title)));
  document.body.classList.toggle("compared", model.compared);
}

function badges(model, row) {
  return marksOf(model, row).map((mark) => make("span", `badge ${mark}`, mark));
}

function rowCells(model, row) {
  const spec = specOf(model, row);
  if (!model.compared) {
    return spec.kind === "parameter" ? [[shapeText(spec.shape), "cell"], [spec.dtype, "cell"]] : [[legible(spec.note, 300), "cell wide"]];
  }
  const before = specBefore(model, row);
  return [[cellText(before), "cell"], [isRemoved(model, row) ? "–" : cellText(spec), "cell"]];
}

function cellText(spec) {
  if (!spec) return "–";
  return spec.kind === "parameter" ? `${shapeText(spec.shape)} ${spec.dtype}` : legible(spec.note, 300);
}

function groupCells(model, node) {
  return [[plural(model.leaves[node], "parameter"), "cell wide quiet"]];
}

function bytesCell(model, node) {
  const bytes = isGroup(model, node) ? model.bytes[node] : model.area[node];
  const cell = make("span", "cell bytes", bytes ? bytesText(bytes) : "");
  cell.style.setProperty("--share", model.area[0] ? model.area[node] / model.area[0] : 0);
  return cell;
}
