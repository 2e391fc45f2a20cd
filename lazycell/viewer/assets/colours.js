// What a colour can stand for. A mode sorts every row into a category; a category has a colour of the style sheet.

const PALETTE = 10;
const ROLES = ["embedding", "attention", "feed-forward", "experts", "norm", "head"];
const NO_PARAMETER = "tied or computed";
const UNSAID = { role: "no role", dtype: "unknown", initializer: "unknown", trainable: "unknown", tags: "no tag", shard: "not sharded",
  declared_by: "not declared", state: "unknown", marks: "same" };

const READERS = {
  marks: (model, row) => marksOf(model, row)[0] || "",
  role: (model, row) => specOf(model, row).role || "",
  state: (model, row) => (model.rows.state.length && model.rows.state[row] >= 0 ? model.states[model.rows.state[row]] : ""),
  dtype: (model, row) => specOf(model, row).dtype || "",
  initializer: (model, row) => specOf(model, row).initializer || "",
  trainable: (model, row) => ({ true: "trainable", false: "not trainable" })[specOf(model, row).trainable] || "",
  tags: (model, row) => (specOf(model, row).tags || []).join(", "),
  shard: (model, row) => specOf(model, row).shard || "",
  declared_by: (model, row) => specOf(model, row).declared_by || "",
};
const MODES = [["marks", "difference"], ["role", "role"], ["state", "state"], ["dtype", "dtype"], ["initializer", "initializer"],
  ["trainable", "trainable"], ["tags", "tag"], ["shard", "rank (shard)"], ["declared_by", "declaring class"]];

// The modes that say anything at all about this model.
function modesOf(model) {
  const told = MODES.filter(([key]) => model.rows.word.some((_, row) => READERS[key](model, row) !== "") ||
    (key === "marks" && model.compared) || key === "dtype");
  return told.map(([key, label]) => ({ key, label }));
}

function firstMode(model, modes) {
  const kinds = (key) => sortRows(model, key).categories.filter((each) => each.label !== NO_PARAMETER).length;
  return (modes.find(({ key }) => key === "marks" || kinds(key) > 1) || modes[0]).key;
}

function categoryOf(model, key, row) {
  return key !== "marks" && specOf(model, row).kind !== "parameter" ? NO_PARAMETER : READERS[key](model, row);
}

// Give each row its category; the categories come with the heaviest first, a row without any in the last.
function sortRows(model, key) {
  const found = new Map();
  const rows = model.rows.word.length;
  const category = new Int32Array(rows);
  const categories = [];
  for (let row = 0; row < rows; row++) {
    const name = categoryOf(model, key, row);
    if (!found.has(name)) {
      found.set(name, categories.length);
      categories.push({ name, label: name || UNSAID[key], count: 0, bytes: 0, place: categories.length });
    }
    const mine = categories[(category[row] = found.get(name))];
    mine.count++;
    mine.bytes += specOf(model, row).nbytes || 0;
  }
  const known = key === "marks" ? model.markNames : key === "role" ? ROLES : [];   // these have an order and a colour of their own
  const isPlain = ({ name }) => name === "" || name === NO_PARAMETER;
  const rank = (each) => (isPlain(each) ? Infinity : known.includes(each.name) ? known.indexOf(each.name) - 1e15 : -each.bytes);
  categories.sort((one, two) => rank(one) - rank(two) || two.count - one.count);
  const moved = new Int32Array(categories.length);
  categories.forEach((each, place) => {
    moved[each.place] = place;
    each.colour = isPlain(each) ? "--none" : known.includes(each.name) ? `--${each.name}` : place < PALETTE ? `--c${place}` : "--other";
  });
  for (let row = 0; row < rows; row++) category[row] = moved[category[row]];
  return { key, category, categories };
}

// Read the colours that the style sheet gives in the present theme.
function inks(names) {
  const style = getComputedStyle(document.documentElement);
  return names.map((name) => style.getPropertyValue(name).trim());
}
