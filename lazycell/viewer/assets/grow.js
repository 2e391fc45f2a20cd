// Names cut at their dots: a tree of links, in which every node comes after the one above it. Nothing here recurses: a
// hostile name may have 10,000 dots.

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
  const below = [];   // of a group: the groups in it, by their labels
  const groupOf = prefixes.map(() => -1);
  let before = [];
  const line = [];    // the groups that the prefix before leads through: the next one begins alike
  const group = (prefix) => {
    const cut = prefix.split(".");
    cut.pop();
    let depth = 0;
    while (depth < cut.length && cut[depth] === before[depth]) depth++;
    line.length = depth;
    for (; depth < cut.length; depth++) {
      const above = depth ? line[depth - 1] : 0;
      const known = below[above] || (below[above] = new Map());
      if (!known.has(cut[depth])) known.set(cut[depth], add(above, cut[depth], -1));
      line.push(known.get(cut[depth]));
    }
    before = cut;
    return line.length ? line[line.length - 1] : 0;
  };
  for (let row = 0; row < rows.word.length; row++) {
    const prefix = rows.prefix[row];
    if (groupOf[prefix] < 0) groupOf[prefix] = group(prefixes[prefix]);
    add(groupOf[prefix], words[rows.word[row]], row);
  }
  return grown;
}

function listed(next, first) {
  const nodes = [];
  for (let node = first; node >= 0; node = next[node]) nodes.push(node);
  return nodes;
}

// Number what is seen for the first time.
function numberIn(known, key) {
  let number = known.get(key);
  if (number === undefined) known.set(key, (number = known.size + 1));
  return number;
}

// Two nodes have one kind when all that the page tells of what is below them is alike.
function kindsOf(data, grown) {
  const looks = new Map(), labels = new Map(), pairs = new Map();
  const pair = (left, right) => numberIn(pairs, left * 2 ** 27 + right);
  const look = lookReader(data);
  const kinds = new Float64Array(grown.label.length);
  for (let node = kinds.length - 1; node >= 0; node--) {
    if (grown.row[node] >= 0) { kinds[node] = 2 * numberIn(looks, look(grown.row[node])) + 1; continue; }
    let kind = 0;
    for (let child = grown.first[node]; child >= 0; child = grown.next[child]) {
      kind = pair(pair(kind, numberIn(labels, grown.label[child])), kinds[child]);
    }
    kinds[node] = 2 * kind;
  }
  return kinds;
}

// Of a row, all that has to be equal in rows that are shown as one; of a comparison, what was before, too.
function lookReader(data) {
  const { rows, specs } = data, compared = data.sides.length === 2;
  const told = (row, spec) => {
    if (spec < 0 || specs[spec].kind !== "tie") return spec;
    return `tie ${unnumbered(nameOf(data, row), (specs[spec].note || "").replace(/^tied to /, ""))}`;
  };
  return (row) => {
    const state = rows.state.length ? rows.state[row] : -1;
    if (!compared) return `${told(row, rows.spec[row])} ${state}`;
    const former = rows.was[row] < 0 ? "" : unnumbered(nameOf(data, row), data.words[rows.was[row]]);
    return `${told(row, rows.spec[row])} ${state} ${told(row, rows.before[row])} ${rows.marks[row]} ${former}`;
  };
}

// Write another name without the indices that are those of this name: `layers.3.up` renamed from `blocks.3.up` is alike
// in every layer.
function unnumbered(name, other) {
  const own = name.split(".").filter((word) => isIndex(word));
  let place = 0;
  return other.split(".").map((word) => (isIndex(word) && own[place++] === word ? "#" : word)).join(".");
}
