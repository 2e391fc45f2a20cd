// What the reader can do: select, open and close, take folds apart, zoom. Each becomes a change of the store.

const byId = (id) => document.getElementById(id);
const model = readModel(JSON.parse(byId("data").textContent));
const store = makeStore(model);
const { state } = store;
const tree = makeTree(model, store);
const map = makeMap(model, store);
makeDetails(model, store);

// Select a node; wherever it was selected, the tree unfolds down to it and the map widens until it is in it.
function select(node, more = {}) {
  if (node === undefined) return;   // nothing is beside the only one
  const seen = revealed(model, { open: more.open || state.open, split: more.split || state.split }, node);
  store.change({ ...more, ...seen, selected: node, zoom: zoomAround(model, "zoom" in more ? more.zoom : state.zoom, node) });
}

function fold(node, opened) {
  if (!isGroup(model, state, node) || Boolean(state.open[node]) === opened) return;
  const open = state.open.slice();
  open[node] = opened ? 1 : 0;
  // What is selected does not vanish: the group that closes over it takes its place.
  store.change(isWithin(model, state.selected, node) && !opened ? { open, selected: node } : { open });
}

// ------------------------------------------------------------------------------------------------ layers that are alike

// Take the layers of a fold apart, or put them together.
function takeApart(node, apart) {
  if (!isFold(model, node) || Boolean(state.split[node]) === apart || (!apart && state.mixed && state.mixed[node])) return;
  const split = state.split.slice(), inside = (each) => each > node && each < model.end[node];
  split[node] = apart ? 1 : 0;
  const zoom = inside(state.zoom) ? node : state.zoom;
  if (!inside(state.selected)) store.change({ split, zoom, open: apart ? revealed(model, state, model.first[node]).open : state.open });
  else select(apart ? originalOf(state.selected, node) : node, { split, zoom });
}

// In the first member of a fold, what one of its copies is a copy of; of copies of folds within, those folds.
function originalOf(copy, node) {
  const line = lineage(model, copy);
  const within = line.slice(line.indexOf(node) + 1).find((each) => model.fold[each]);
  return model.like[within === undefined ? copy : within];
}

// Turn the fold that is selected, or the nearest that the selection is in.
function turnNearest() {
  const nearest = lineage(model, state.selected).reverse().find((each) => isFold(model, each));
  if (nearest !== undefined) takeApart(nearest, !state.split[nearest]);
}

function takeAllApart(apart) {
  const split = apart ? allSplit(model) : state.mixed ? state.mixed.slice() : new Uint8Array(model.count);
  settle({ split });
}

// After folds have turned, what was selected or zoomed into may be on their other side: the fold takes its place.
function settle(parts) {
  const split = parts.split || state.split;
  const inSight = (node) => {
    const line = lineage(model, node);
    const turned = line.findIndex((each, place) => place + 1 < line.length && isFold(model, each) &&
      Boolean(split[each]) !== isMember(model, node, each));
    return turned < 0 ? node : line[turned];
  };
  const selected = inSight("selected" in parts ? parts.selected : state.selected);
  store.change({ ...parts, selected, zoom: selected ? zoomAround(model, inSight(state.zoom), selected) : inSight(state.zoom) });
}

// --------------------------------------------------------------------------------------------------------------- zooming

function zoomTo(node) {
  store.change({ zoom: isGroup(model, state, node) ? node : Math.max(0, model.parent[node]) });
}

function zoomOut() {
  if (state.zoom > 0) store.change({ zoom: outOf(state.zoom) });
}

// Groups that hold a single group look alike: out of all of them at once.
function outOf(node) {
  do node = model.parent[node]; while (node > 0 && lonely(model, state, model.parent[node]).chain.includes(node));
  return node;
}

// One step from the zoomed group towards the node.
function zoomTowards(node) {
  const line = lineage(model, node);
  const held = lonely(model, state, state.zoom).last;
  const next = line[model.depth[held] + 1];
  return next !== undefined && isGroup(model, state, next) ? next : state.zoom;
}

// ---------------------------------------------------------------------------------------------------------------- sorting

const orders = { declared: () => state.order.key === "declared" ? state.order : declaredOrder(model), bytes: () => orderByBytes(model) };

function sortBy(key) { if (key !== state.order.key) store.change({ order: orders[key]() }); }
