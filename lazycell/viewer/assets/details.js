// All that is known of one node: a parameter, a group, or the model itself; of two models, old beside new.

const FACTS = [
  ["shape", (spec) => (spec.kind === "parameter" ? shapeText(spec.shape) : "")],
  ["declared as", (spec) => spec.expression],
  ["dtype", (spec) => spec.dtype],
  ["initializer", (spec) => spec.initializer],
  ["trainable", (spec) => ({ true: "yes", false: "no" })[spec.trainable]],
  ["elements", (spec) => (spec.kind === "parameter" ? countText(spec.size || 0) : "")],
  ["bytes", (spec) => (spec.kind === "parameter" ? exactBytes(spec.nbytes || 0) : "")],
  ["declared by", (spec) => spec.declared_by],
  ["line", (spec) => spec.declared_at],
  ["shard", (spec) => spec.shard],
  ["tags", (spec) => (spec.tags || []).join(", ")],
  ["sections", (spec) => spec.sections],
  ["doc", (spec) => spec.doc],
  ["note", (spec) => spec.note],
];

function makeDetails(model, store) {
  const box = document.getElementById("details");
  const tiedTo = tiesBySource(model);
  let drawn = -1;
  store.listen(() => {
    const { hovered, selected, split } = store.state;
    const node = hovered >= 0 ? hovered : selected;
    const look = node < 0 ? -1 : 2 * node + split[node];
    if (look === drawn) return;
    drawn = look;
    const row = rowOf(model, store.state, node), count = standsFor(model, store.state, node);
    const table = node === 0 ? ofModel(model) : row < 0 ? ofGroup(model, node, count) : ofRow(model, row, tiedTo, count);
    box.replaceChildren(make("h2", "", node === 0 ? legible(model.label[0]) : legible(pathOf(model, node))), ...table);
    box.scrollTop = 0;
  });
}

function tiesBySource(model) {
  const ties = new Map();
  model.rows.word.forEach((_, row) => {
    const { kind, note } = specOf(model, row);
    if (kind !== "tie") return;
    if (!ties.has(note)) ties.set(note, []);
    ties.get(note).push(nameOf(model, row));
  });
  return ties;
}

function exactBytes(bytes) { return bytes < 1000 ? bytesText(bytes) : `${bytesText(bytes)} (${countText(bytes)})`; }

// Of so many parameters that are alike, a row is the first.
function ofRow(model, row, tiedTo, count) {
  const spec = specOf(model, row), before = specBefore(model, row), removed = isRemoved(model, row);
  const facts = FACTS.map(([title, read]) => [title, before ? read(before) || "" : "", removed ? "" : read(spec) || ""]);
  const former = formerName(model, row);
  if (count > 1) facts.unshift(...ofAll(spec, before, removed, count));
  if (former !== null) facts.unshift([count > 1 ? "name of the first" : "name", former, nameOf(model, row)]);
  const ties = tiedTo.get(`tied to ${nameOf(model, row)}`);
  if (ties && count === 1) facts.push(["ties", "", ties.join(", ")]);
  if (model.rows.state.length) facts.push(["state", "", READERS.state(model, row)]);
  if (!model.compared) return [factTable(facts.filter(([, , value]) => value).map(([title, , value]) => [title, value]))];
  const heading = [make("p", "marks")];
  heading[0].append(...badges(model, row));
  if (former !== null) heading[0].append(make("span", "quiet", "a guess, from shape and name"));
  if (!marksOf(model, row).length) heading[0].append(make("span", "quiet", "the same in both"));
  return [...heading, comparedTable(facts.filter(([, old, value]) => old || value), before === null, removed)];
}

function ofAll(spec, before, removed, count) {
  const sum = (each) => (each && each.kind === "parameter" ? exactBytes(count * (each.nbytes || 0)) : "");
  const alike = `${countText(count)} parameters`;
  return [["alike", before ? alike : "", removed ? "" : alike], ["bytes of all", sum(before), removed ? "" : sum(spec)]];
}

function ofGroup(model, node, count) {
  const facts = [...(count > 1 ? [["alike", `${countText(count)}, shown as one`]] : []), ["parameters", countText(model.leaves[node])],
    ["bytes", `${exactBytes(model.bytes[node])}, ${shareText(model.bytes[node], model.bytes[0])} of the model`],
    ...(count > 1 ? [["bytes of each", exactBytes(model.bytes[node] / count)]] : []),
    ...dtypesWithin(model, node)];
  if (model.compared) facts.push(["differences", countText(model.differing[node])]);
  return [factTable(facts)];
}

function dtypesWithin(model, node) {
  const sums = new Map();
  const copied = model.like[node] >= 0;   // a copy is summed up from what it is a copy of
  const from = copied ? model.like[node] : node, times = copied ? model.times[node] : 1;
  for (let each = from; each < model.end[from]; each++) {
    const row = model.row[each];
    if (row < 0 || model.like[each] >= 0 || isRemoved(model, row) || !specOf(model, row).dtype) continue;
    const { dtype, nbytes = 0 } = specOf(model, row);
    sums.set(dtype, (sums.get(dtype) || 0) + times * nbytes);
  }
  return [...sums].sort((one, two) => two[1] - one[1]).map(([dtype, bytes]) => [dtype, exactBytes(bytes)]);
}

function ofModel(model) {
  const facts = model.sides.map((side) => [
    ["asked for", side.source || ""],
    ["kind", side.declared ? "a declared model" : "a checkpoint, as its headers tell"],
    ["parameters", countText(side.parameters)],
    ["elements", countText(side.elements)],
    ...(side.declared ? [["trainable", countText(side.trainable)]] : []),
    ["bytes", exactBytes(side.nbytes)],
    ["digest", side.digest.slice(0, 12)],
    ...side.hyperparameters,
  ]);
  if (!model.compared) return [factTable([...facts[0].filter(([, value]) => value), ...dtypesWithin(model, 0)])];
  const old = new Map(facts[0]), now = new Map(facts[1]);
  const titles = [...new Set([...now.keys(), ...old.keys()])].filter((title) => now.get(title) || old.get(title));
  const notes = model.notes.map((note) => make("p", "note", legible(note)));
  const same = model.same ? [make("p", "note", "There is no difference.")] : [];
  const rows = titles.map((title) => [title, old.get(title) || "", now.get(title) || ""]);
  return [...same, ...notes, comparedTable([["name", ...model.sides.map((side) => side.name || side.title)], ...rows], false, false)];
}

function factTable(facts) {
  const table = make("table", "facts");
  for (const [title, value] of facts) line(table, title, [make("td", "", legible(value))]);
  return table;
}

function comparedTable(facts, added, removed) {
  const table = make("table", "facts");
  const head = make("tr");
  head.append(make("td"), heading("col", "old"), heading("col", "new"));
  table.append(head);
  for (const [title, old, value] of facts) {
    const differs = old !== value && !added && !removed;
    line(table, title, [make("td", differs ? "old" : "", legible(old) || "–"), make("td", differs ? "new" : "", legible(value) || "–")]);
  }
  return table;
}

function line(table, title, cells) {
  const row = make("tr");
  row.append(heading("row", legible(title)), ...cells);
  table.append(row);
}

function heading(scope, text) {
  const cell = make("th", "", text);
  cell.scope = scope;
  return cell;
}
