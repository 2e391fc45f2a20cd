// What the reader has chosen. Everything on the page is drawn from it, and nothing but `change` alters it.

function makeStore(model) {
  const state = {
    selected: -1,
    hovered: -1,
    zoom: -1,
    open: new Uint8Array(model.count),
    query: "",
    onlyDifferences: false,
    matched: null,   // per row, or null: no search
    shown: null,     // per node, or null: all of them
    highlight: -1,   // a category of the legend
    sorted: null,    // the rows by category, of the present mode
    theme: "",       // light or dark
  };
  const listeners = [];
  return {
    state,
    listen: (listener) => listeners.push(listener),
    // Listeners are told what differs from before, and draw no more than that.
    change(parts) {
      const news = Object.fromEntries(Object.entries(parts).filter(([key, value]) => state[key] !== value));
      if (Object.keys(news).length === 0) return;
      Object.assign(state, news);
      for (const listener of listeners) listener(news);
    },
  };
}

function openDown(model, nodes) {
  const open = new Uint8Array(model.count);
  for (const node of nodes) open[node] = 1;
  return open;
}

// Open the model, and below it what leads to nothing else.
function firstOpen(model) {
  const opened = [0];
  for (let node = 0, children; (children = childrenOf(model, node)).length === 1 && isGroup(model, children[0]);) {
    opened.push((node = children[0]));
  }
  return openDown(model, opened);
}

function allOpen(model) {
  const open = new Uint8Array(model.count);
  for (let node = 0; node < model.count; node++) open[node] = isGroup(model, node) ? 1 : 0;
  return open;
}

function revealed(model, open, node) {
  const folded = lineage(model, node).slice(0, -1).filter((each) => !open[each]);
  if (folded.length === 0) return open;
  const wider = open.slice();
  for (const each of folded) wider[each] = 1;
  return wider;
}

// Give the nodes that a search and the filter leave: the rows that fit, and what is above them.
function shownNodes(model, matched, onlyDifferences) {
  if (!matched && !onlyDifferences) return null;
  const shown = new Uint8Array(model.count);
  for (let node = model.count - 1; node >= 0; node--) {
    const row = model.row[node];
    if (row >= 0) shown[node] = (!matched || matched[row]) && (!onlyDifferences || model.rows.marks[row]) ? 1 : 0;
    if (shown[node] && node) shown[model.parent[node]] = 1;
  }
  shown[0] = 1;
  return shown;
}

// Give the rows of the tree as it is folded now.
function unfolded(model, { open, shown }) {
  const nodes = [];
  for (let node = 0; node < model.count;) {
    const hidden = shown && !shown[node];
    if (!hidden) nodes.push(node);
    node = hidden || (isGroup(model, node) && !open[node]) ? model.end[node] : node + 1;
  }
  return nodes;
}

// Widen the zoom until the node is in it.
function zoomAround(model, zoom, node) {
  while (zoom > 0 && !isWithin(model, node, zoom)) zoom = model.parent[zoom];
  return zoom;
}
