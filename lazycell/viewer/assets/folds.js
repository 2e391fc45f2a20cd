// Layers that are alike are one branch, `layers.{0..31}`, as in `lazycell show`. A fold is a group with two insides: its
// members, layer by layer, and a copy of the first of them that stands for all. The reader sees one of the two.

const INDEX = /^(?:0|[1-9][0-9]{0,14})$/;

// Write a set of indices: `{0..31}`, `{0,2,5}`, `{0..3,7}`.
function braces(indices) {
  const runs = [];
  for (const value of [...indices].sort((one, two) => one - two)) {
    const run = runs[runs.length - 1];
    if (run && value === run[1] + 1) run[1] = value;
    else runs.push([value, value]);
  }
  if (runs.length === 1) return `{${runs[0][0]}..${runs[0][1]}}`;
  // In a list, a run of two reads better as two numbers.
  const texts = runs.flatMap(([first, last]) => (last > first + 1 ? [`${first}..${last}`] : [...new Set([first, last])]));
  return `{${texts.join(",")}}`;
}

// Number the nodes in the order of a walk. The columns of the tree, for each node:
// label    what it is called in the group above
// row      of the parameter that it is; -1 for a group
// parent, depth, end   the numbers from it up to `end` are its subtree
// first, next          links to what is below and beside it
// fold     how many are alike in it; 0 for all but folds
// indices  of a fold: which, in braces
// joined   of a fold: whether it is the list itself, `layers.{0..31}`, and not one of several within a list
// seam     of a fold with members: where the copies start; else -1
// copies   the first of its copies, or -1
// sample   of a fold of parameters: the row of the first
// like     of a copy: what it is a copy of; else -1
// times    of a copy: how many of those it stands for; else 1
function foldTree(grown, kinds) {
  const label = [], row = [], parent = [], depth = [], end = [], first = [], next = [], like = [], times = [], last = [];
  const folds = [], joined = new Set(), seams = new Map(), copies = new Map();
  const places = new Int32Array(grown.label.length).fill(-1);   // where what was grown is
  const within = new Map();   // where the folds within lists are, by their first members
  const add = (title, of, above, count, original) => {
    const node = label.length;
    label.push(title); row.push(of); parent.push(above); depth.push(above < 0 ? 0 : depth[above] + 1); end.push(node + 1);
    first.push(-1); next.push(-1); last.push(-1); like.push(count > 1 ? original : -1); times.push(count);
    if (above < 0) return node;
    if (last[above] >= 0) next[last[above]] = node;
    else if (seams.has(above)) copies.set(above, node);
    else first[above] = node;
    last[above] = node;
    return node;
  };
  // What is still to be done, three numbers each: what, below which node, for how many. What was grown stands for itself,
  // -1 for the end of a node, -2 for the seam of a fold, and numbers below for a list of members that are alike.
  const pending = [], lists = [];
  const push = (what, above, count) => pending.push(count, above, what);
  const pushAll = (groups, above, count) => {
    for (let place = groups.length - 1; place >= 0; place--) {
      const group = groups[place];
      push(typeof group === "number" ? group : -2 - lists.push(group), above, count);
    }
  };
  // A fold needs its members, then the copies; a copy of a fold has copies alone.
  const foldUp = (node, members, count) => {
    const sample = grown.row[members[0]];
    folds.push({ node, count: members.length, indices: braces(members.map((raw) => Number(grown.label[raw]))), sample });
    pushAll(alike(grown, kinds, members[0]), node, count * members.length);
    if (count > 1) { row[node] = sample; return; }
    push(-2, node, count);
    pushAll(members, node, count);
  };
  push(0, -1, 1);
  while (pending.length) {
    const what = pending.pop(), above = pending.pop(), count = pending.pop();
    if (what === -1) end[above] = label.length;
    else if (what === -2) { seams.set(above, label.length); last[above] = -1; }
    else if (what < -2) {
      const members = lists[-3 - what];
      const node = add("", -1, above, count, within.get(members[0]));
      if (count === 1) within.set(members[0], node);
      push(-1, node, count);
      foldUp(node, members, count);
    } else {
      const node = add(grown.label[what], grown.row[what], above, count, places[what]);
      if (count === 1) places[what] = node;
      if (grown.first[what] < 0) continue;
      push(-1, node, count);
      const groups = alike(grown, kinds, what);
      if (what > 0 && groups.length === 1 && typeof groups[0] !== "number") {
        joined.add(node);
        foldUp(node, groups[0], count);
      } else pushAll(groups, node, count);
    }
  }
  const column = (values) => Int32Array.from(values);
  const sparse = (pairs, empty) => {
    const values = new Int32Array(label.length).fill(empty);
    for (const [node, value] of pairs) values[node] = value;
    return values;
  };
  for (const { node, indices } of folds) if (!joined.has(node)) label[node] = indices;
  return {
    label, row: column(row), parent: column(parent), depth: column(depth), end: column(end), first: column(first),
    next: column(next), like: column(like), times: Float64Array.from(times),
    fold: sparse(folds.map(({ node, count }) => [node, count]), 0),
    seam: sparse(seams, -1),
    copies: sparse(copies, -1),
    sample: sparse(folds.filter(({ node }) => seams.has(node)).map(({ node, sample }) => [node, sample]), -1),
    joined: sparse([...joined].map((node) => [node, 1]), 0),
    indices: new Map(folds.map(({ node, indices }) => [node, indices])),
  };
}

// Give the children in order, those that are alike as one list in the place of the first; only numbered ones are.
function alike(grown, kinds, raw) {
  const groups = [], places = new Map();
  for (let child = grown.first[raw]; child >= 0; child = grown.next[child]) {
    const place = isIndex(grown.label[child]) ? places.get(kinds[child]) : undefined;
    if (place !== undefined) {
      if (typeof groups[place] === "number") groups[place] = [groups[place]];
      groups[place].push(child);
      continue;
    }
    if (isIndex(grown.label[child])) places.set(kinds[child], groups.length);
    groups.push(child);
  }
  return groups;
}

function isIndex(word) { return word.charCodeAt(0) < 58 && INDEX.test(word); }
