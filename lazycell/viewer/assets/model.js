// The model as a tree. A node is a number; its subtree is the numbers from it up to `end[node]` (preorder), so that
// sums, searches and foldings are loops over arrays.

function readModel(data) {
  const grown = growTree(data);
  const tree = foldTree(grown, kindsOf(data, grown));
  const count = tree.label.length;
  const model = {
    ...data,
    ...tree,
    count,
    compared: data.sides.length === 2,
    folds: [],                          // those that can be taken apart
    leaves: new Float64Array(count),    // parameters of the (newer) model in the subtree
    differing: new Float64Array(count), // rows in the subtree that bear a mark
    bytes: new Float64Array(count),     // bytes of the (newer) model
    area: new Float64Array(count),      // bytes to be drawn: removed parameters have a place too
    heaviest: new Int32Array(count),    // the leaf with the most bytes
  };
  for (let node = count - 1; node >= 0; node--) if (model.like[node] < 0) sumUp(model, node);
  for (let node = 0; node < count; node++) {
    if (model.seam[node] >= 0) model.folds.push(node);
    if (model.like[node] >= 0) copySums(model, node);
  }
  return model;
}

const SUMS = ["leaves", "area", "bytes", "differing"];

function sumUp(model, node) {
  const row = model.row[node];
  if (row >= 0) {
    const spec = specOf(model, row);
    model.heaviest[node] = node;
    model.leaves[node] = spec.kind === "parameter" && !isRemoved(model, row) ? 1 : 0;
    model.area[node] = spec.nbytes || 0;
    model.bytes[node] = isRemoved(model, row) ? 0 : spec.nbytes || 0;
    model.differing[node] = model.compared && model.rows.marks[row] ? 1 : 0;
  }
  const parent = model.parent[node];
  if (parent < 0) return;
  for (const sum of SUMS) model[sum][parent] += model[sum][node];
  const best = model.heaviest[parent], mine = model.heaviest[node];
  if (!best || model.area[mine] >= model.area[best]) model.heaviest[parent] = mine;
}

function copySums(model, node) {
  const like = model.like[node];
  for (const sum of SUMS) model[sum][node] = model.times[node] * model[sum][like];
  model.heaviest[node] = model.heaviest[like];
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

function isWithin(model, node, group) { return node >= group && node < model.end[group]; }
function isFold(model, node) { return model.seam[node] >= 0; }
function isMember(model, node, fold) { return node > fold && node < model.seam[fold]; }

// From the model itself down to the node, both included.
function lineage(model, node) {
  const line = [];
  for (; node >= 0; node = model.parent[node]) line.push(node);
  return line.reverse();
}

// What a node adds to the path of the group that it is in: `layers.{0..31}` for all that are alike, `3` for one of them.
function stepsTo(model, line) {
  return line.slice(1).flatMap((node, place) => {
    const below = line[place + 2];
    const single = below !== undefined && isFold(model, node) && isMember(model, below, node);
    const plain = model.fold[node] && !model.joined[node] ? [] : [model.label[node]];
    return !model.fold[node] || single ? plain : [...plain, model.indices.get(node)];
  });
}

function pathOf(model, node) {
  if (model.row[node] >= 0 && model.like[node] < 0) return nameOf(model, model.row[node]);
  return stepsTo(model, lineage(model, node)).join(".");
}

// The node with this path, or -1. Without its braces, a path of a fold that is a list is that of the list: `layers`.
function nodeAt(model, path) {
  if (path === "") return 0;
  let here = [[0, path]];
  while (here.length) {
    const further = [];
    for (const [group, rest] of here) {
      for (const child of [...listed(model.next, model.first[group]), ...listed(model.next, model.copies[group])]) {
        for (const step of waysTo(model, child)) {
          if (rest === step) return child;
          if (step === "") further.push([child, rest]);
          else if (rest.startsWith(`${step}.`)) further.push([child, rest.slice(step.length + 1)]);
        }
      }
    }
    here = further;
  }
  return -1;
}

// A fold within a list adds nothing to the names of its members.
function waysTo(model, node) {
  const label = model.label[node], within = isFold(model, node) ? [""] : [];
  if (!model.fold[node]) return label === "" ? [] : [label];
  return model.joined[node] ? [`${label}.${model.indices.get(node)}`, label] : [label, ...within];
}
