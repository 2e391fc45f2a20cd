// The model as a tree. A node is a number; its subtree is the numbers from it up to `end[node]` (preorder), so that
// sums, searches and foldings are loops over arrays. Nothing here recurses: a hostile name may have 10,000 dots.

function readModel(data) {
  const tree = growTree(data);
  const count = tree.label.length;
  const model = {
    ...data,
    ...tree,
    count,
    compared: data.sides.length === 2,
    leaves: new Int32Array(count),      // parameters of the (newer) model in the subtree
    differing: new Int32Array(count),   // rows in the subtree that bear a mark
    bytes: new Float64Array(count),     // bytes of the (newer) model
    area: new Float64Array(count),      // bytes to be drawn: removed parameters have a place too
    heaviest: new Int32Array(count),    // the leaf with the most bytes
    nodeOf: new Int32Array(data.rows.word.length),
  };
  for (let node = count - 1; node >= 0; node--) sumUp(model, node);
  return model;
}

function sumUp(model, node) {
  const row = model.row[node];
  if (row >= 0) {
    const spec = specOf(model, row);
    model.nodeOf[row] = node;
    model.heaviest[node] = node;
    model.leaves[node] = spec.kind === "parameter" && !isRemoved(model, row) ? 1 : 0;
    model.area[node] = spec.nbytes || 0;
    model.bytes[node] = isRemoved(model, row) ? 0 : spec.nbytes || 0;
    model.differing[node] = model.compared && model.rows.marks[row] ? 1 : 0;
  }
  const parent = model.parent[node];
  if (parent < 0) return;
  for (const sum of [model.leaves, model.area, model.bytes, model.differing]) sum[parent] += sum[node];
  const best = model.heaviest[parent], mine = model.heaviest[node];
  if (!best || model.area[mine] >= model.area[best]) model.heaviest[parent] = mine;
}

// Cut all names at their dots, then number the nodes in the order of a walk through the tree.
function growTree({ prefixes, words, rows, sides }) {
  const grown = { label: [sides[sides.length - 1].title], parent: [-1], row: [-1], first: [-1], last: [-1], next: [-1] };
  const add = (parent, label, row) => {
    const node = grown.label.length;
    grown.label.push(label);
    grown.parent.push(parent);
    grown.row.push(row);
    for (const link of [grown.first, grown.last, grown.next]) link.push(-1);
    if (grown.last[parent] < 0) grown.first[parent] = node;
    else grown.next[grown.last[parent]] = node;
    grown.last[parent] = node;
    return node;
  };
  const groups = new Map();
  const groupOf = prefixes.map(() => -1);
  const group = (prefix) => {
    let node = 0;
    for (const word of prefix.split(".").slice(0, -1)) {
      const key = `${node}.${word}`;
      if (!groups.has(key)) groups.set(key, add(node, word, -1));
      node = groups.get(key);
    }
    return node;
  };
  for (let row = 0; row < rows.word.length; row++) {
    const prefix = rows.prefix[row];
    if (groupOf[prefix] < 0) groupOf[prefix] = group(prefixes[prefix]);
    add(groupOf[prefix], words[rows.word[row]], row);
  }
  return renumber(grown);
}

function renumber(grown) {
  const count = grown.label.length;
  const tree = {
    label: new Array(count), parent: new Int32Array(count).fill(-1), row: new Int32Array(count),
    depth: new Int32Array(count), end: new Int32Array(count),
  };
  const place = new Int32Array(count);
  let node = 0;
  for (let number = 0; number < count; number++) {
    place[node] = number;
    const parent = grown.parent[node] < 0 ? -1 : place[grown.parent[node]];
    tree.label[number] = grown.label[node];
    tree.row[number] = grown.row[node];
    tree.parent[number] = parent;
    tree.depth[number] = parent < 0 ? 0 : tree.depth[parent] + 1;
    if (grown.first[node] >= 0) { node = grown.first[node]; continue; }
    while (node > 0 && grown.next[node] < 0) {
      tree.end[place[node]] = number + 1;
      node = grown.parent[node];
    }
    tree.end[place[node]] = number + 1;
    if (node > 0) node = grown.next[node];
  }
  tree.end[0] = count;
  return tree;
}

function specOf(model, row) { return model.specs[model.rows.spec[row]]; }
function specBefore(model, row) {
  const spec = model.compared ? model.rows.before[row] : -1;
  return spec < 0 ? null : model.specs[spec];
}
function markBit(model, mark) { return 1 << model.markNames.indexOf(mark); }
function isRemoved(model, row) { return model.compared && (model.rows.marks[row] & markBit(model, "removed")) !== 0; }
function marksOf(model, row) { return model.markNames.filter((_, bit) => model.rows.marks[row] & (1 << bit)); }
function nameOf(model, row) { return model.prefixes[model.rows.prefix[row]] + model.words[model.rows.word[row]]; }
function formerName(model, row) {
  return model.compared && model.rows.was[row] >= 0 ? model.words[model.rows.was[row]] : null;
}

function isGroup(model, node) { return model.row[node] < 0; }
function isWithin(model, node, group) { return node >= group && node < model.end[group]; }

function childrenOf(model, node) {
  const children = [];
  for (let child = node + 1; child < model.end[node]; child = model.end[child]) children.push(child);
  return children;
}

// From the model itself down to the node, both included.
function lineage(model, node) {
  const line = [];
  for (; node >= 0; node = model.parent[node]) line.push(node);
  return line.reverse();
}

function pathOf(model, node) {
  if (model.row[node] >= 0) return nameOf(model, model.row[node]);
  return lineage(model, node).slice(1).map((each) => model.label[each]).join(".");
}
