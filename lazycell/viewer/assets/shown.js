// The tree as the reader has it now: folds whole or taken apart, groups open or closed, in order of declaration or by
// bytes, and after a search what is left of it.

function declaredOrder({ first, copies, next }) { return { key: "declared", first, copies, next }; }

// The same links, with what has the most bytes first; a removed parameter counts with those it had.
function orderByBytes(model) {
  const order = { key: "bytes", first: model.first.slice(), copies: model.copies.slice(), next: model.next.slice() };
  const weight = (node) => (model.row[node] < 0 ? model.bytes[node] : model.area[node]);
  for (const heads of [order.first, order.copies]) {
    for (let node = 0; node < model.count; node++) {
      if (heads[node] < 0 || model.next[heads[node]] < 0) continue;
      const children = listed(model.next, heads[node]).sort((one, two) => weight(two) - weight(one) || one - two);
      heads[node] = children[0];
      children.forEach((child, place) => { order.next[child] = place + 1 < children.length ? children[place + 1] : -1; });
    }
  }
  return order;
}

function isWhole(model, { split }, node) { return isFold(model, node) && !split[node]; }
function firstChild(model, state, node) { return state.order[isWhole(model, state, node) ? "copies" : "first"][node]; }
function childrenOf(model, state, node) { return listed(state.order.next, firstChild(model, state, node)); }
function labelOf(model, state, node) {
  return model.joined[node] && (!isFold(model, node) || isWhole(model, state, node))
    ? `${model.label[node]}.${model.indices.get(node)}` : model.label[node];
}

// The row of a parameter, or of the first of those that are one here; -1 for a group.
function rowOf(model, state, node) {
  return isWhole(model, state, node) ? model.sample[node] : model.row[node];
}

function isGroup(model, state, node) { return rowOf(model, state, node) < 0; }

// Of how many a node is the picture.
function standsFor(model, state, node) {
  const alone = isWhole(model, state, node) || (model.fold[node] && model.like[node] >= 0) ? model.fold[node] : 1;
  return alone * model.times[node];
}

// Give the rows of the tree as it is folded now.
function unfolded(model, state) {
  const { shown, open, order } = state;
  const nodes = [];
  for (let node = 0; node >= 0;) {
    const hidden = shown && !shown[node];
    if (!hidden) nodes.push(node);
    const child = hidden || !open[node] ? -1 : firstChild(model, state, node);
    if (child >= 0) { node = child; continue; }
    while (node > 0 && order.next[node] < 0) node = model.parent[node];
    node = node > 0 ? order.next[node] : -1;
  }
  return nodes;
}

// What is open, and which folds are apart, so that the node is in sight.
function revealed(model, { open, split }, node) {
  const above = lineage(model, node).slice(0, -1);
  if (above.some((each) => !open[each])) {
    open = open.slice();
    for (const each of above) open[each] = 1;
  }
  const turned = above.filter((each) => isFold(model, each) && Boolean(split[each]) !== isMember(model, node, each));
  if (turned.length) {
    split = split.slice();
    for (const each of turned) split[each] = isMember(model, node, each) ? 1 : 0;
  }
  return { open, split };
}

// Give the nodes that a search and the filter leave: the rows that fit, and what is above them.
function shownNodes(model, matched, onlyDifferences) {
  if (!matched && !onlyDifferences) return { shown: null, mixed: null };
  const shown = new Uint8Array(model.count);
  for (let node = model.count - 1; node >= 0; node--) {
    if (model.like[node] >= 0) continue;
    const row = model.row[node];
    if (row >= 0) shown[node] = (!matched || matched[row]) && (!onlyDifferences || model.rows.marks[row]) ? 1 : 0;
    if (shown[node] && node) shown[model.parent[node]] = 1;
  }
  shown[0] = 1;
  return { shown, mixed: mixedFolds(model, shown) };
}

// Folds of which a search finds other parts in one member than in another: they are taken apart. The copies in the rest
// are shown as what they are copies of.
function mixedFolds(model, shown) {
  const mixed = new Uint8Array(model.count);
  for (const fold of [...model.folds].reverse()) {
    const rep = model.first[fold], size = model.end[rep] - rep;
    let differs = false;
    for (let member = rep; member >= 0 && !differs; member = model.next[member]) {
      for (let each = 0; each < size && !differs; each++) {
        differs = shown[member + each] !== shown[rep + each] || mixed[member + each] === 1;
      }
    }
    mixed[fold] = differs ? 1 : 0;
    if (!differs) for (let copy = model.seam[fold]; copy < model.end[fold]; copy++) shown[copy] = shown[model.like[copy]];
  }
  return mixed;
}

// Widen the zoom until the node is in it.
function zoomAround(model, zoom, node) {
  while (zoom > 0 && !isWithin(model, node, zoom)) zoom = model.parent[zoom];
  return zoom;
}
