// What the reader has chosen. Everything on the page is drawn from it, and nothing but `change` alters it.

function makeStore(model) {
  const state = {
    selected: -1,
    hovered: -1,
    zoom: -1,
    open: new Uint8Array(model.count),
    split: new Uint8Array(model.count),   // folds that are taken apart
    order: declaredOrder(model),
    query: "",
    onlyDifferences: false,
    matched: null,   // per row, or null: no search
    shown: null,     // per node, or null: all of them
    mixed: null,     // per node: folds that a search keeps apart
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
function firstOpen(model, state) {
  const opened = [0];
  for (let node = 0, children; (children = childrenOf(model, state, node)).length === 1 && isGroup(model, state, children[0]);) {
    opened.push((node = children[0]));
  }
  return openDown(model, opened);
}

function allOpen(model) { return new Uint8Array(model.count).fill(1); }

function allSplit(model) { return openDown(model, model.folds); }
