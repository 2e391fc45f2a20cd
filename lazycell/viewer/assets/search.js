// Which rows a query finds: those that fit all of its words. A word is part of a name, or a whole name with `*` for
// anything; a shape, `768x768`, or one of its dimensions; a dtype; a class, or the end of its name; a role.

const DTYPE_WORDS = { bfloat16: ["bf16"], float16: ["fp16", "f16", "half"], float32: ["fp32", "f32"],
  float64: ["fp64", "f64", "double"], float8_e4m3fn: ["fp8", "f8"], float8_e5m2: ["fp8", "f8"], bool: ["bool_"],
  ...Object.fromEntries([8, 16, 32, 64].flatMap((bits) => [[`int${bits}`, [`i${bits}`]], [`uint${bits}`, [`u${bits}`]]])) };
const FIELD = /^(name|shape|dtype|class|role):(.+)$/;

function makeSearch(model) {
  let index = null;
  // Give a flag for each row, or null where nothing is asked for.
  return (query) => {
    const words = wordsOf(query);
    if (words.length === 0) return null;
    index = index || readIndex(model);
    const matched = new Uint8Array(model.rows.word.length).fill(1);
    for (const word of words) narrowTo(model, index, word, matched);
    return matched;
  };
}

// Words are apart by blanks; not so within brackets and after a comma: `(768, 768)`.
function wordsOf(query) {
  return (query.toLowerCase().slice(0, 2000).replace(/,\s+(?=\d)/g, ",").match(/\([^()]*\)?|[^\s(]+(?:\([^()]*\)?)?/g) || []).map((word) => word.replace(/\s/g, ""));
}

function readIndex(model) {
  const names = model.rows.word.map((_, row) => nameOf(model, row).toLowerCase());
  const former = model.compared ? model.rows.word.map((_, row) => (formerName(model, row) || "").toLowerCase()) : null;
  const specs = model.specs.map((spec) => ({
    shape: spec.kind === "parameter" ? spec.shape || [] : null,
    dtypes: spec.dtype ? [spec.dtype, ...(DTYPE_WORDS[spec.dtype] || [])].map((each) => each.toLowerCase()) : [],
    classes: classWords(spec.declared_by || ""),
    role: (spec.role || "").toLowerCase(),
  }));
  return { names, former, specs };
}

// A class is found by the beginning of its name, and of each capitalized part of it: LayerNorm by `layern` and `norm`.
function classWords(declaredBy) {
  const name = declaredBy.replace(/\.[^.]*$/, "").slice(0, 300);
  const starts = [0, ...[...name.matchAll(/[A-Z_.]/g)].map((each) => each.index)];
  return starts.map((start) => name.slice(start).replace(/^[_.]+/, "").toLowerCase());
}

function narrowTo(model, { names, former, specs }, word, matched) {
  const [, field, value] = FIELD.exec(word) || [null, "", word];
  const inName = field === "" || field === "name" ? nameTest(value) : () => false;
  const hits = Uint8Array.from(specs, (spec) => (field !== "name" && specFits(spec, field, value) ? 1 : 0));
  const { spec, before } = model.rows;
  for (let row = 0; row < matched.length; row++) {
    if (!matched[row] || hits[spec[row]] || (former && before[row] >= 0 && hits[before[row]])) continue;
    matched[row] = inName(names[row]) || (former && former[row] && inName(former[row])) ? 1 : 0;
  }
}

function specFits({ shape, dtypes, classes, role }, field, value) {
  const begins = (name, texts) => (field === name || (field === "" && value.length > 1)) &&
    texts.some((each) => each.startsWith(value));
  const inShape = (field === "shape" || field === "") && shape !== null && shapeFits(shape, value);
  return inShape || begins("dtype", dtypes) || begins("class", classes) || begins("role", [role]);
}

// `(768,768)` is a whole shape, `(768,` the beginning of one; `768x768` and `768` are dimensions that follow each other.
function shapeFits(shape, value) {
  const whole = /^\((?:(\d+(?:,\d+)*),?)?\)$/.exec(value);
  if (whole) return shape.join(",") === (whole[1] || "");
  if (value.startsWith("(")) return `(${shape.join(",")}${shape.length === 1 ? "," : ""})`.startsWith(value);
  const part = /^(\d+(?:[x×,]\d+)*)[x×,]?$/.exec(value);
  return part !== null && `x${shape.join("x")}x`.includes(`x${part[1].replace(/[×,]/g, "x")}x`);
}

function nameTest(pattern) {
  if (!pattern.includes("*")) return (name) => name.includes(pattern);
  const pieces = pattern.split("*");
  const head = pieces.shift(), tail = pieces.pop();
  return (name) => {
    const limit = name.length - tail.length;
    if (limit < head.length || !name.startsWith(head) || !name.endsWith(tail)) return false;
    let from = head.length;
    for (const piece of pieces) {
      const at = name.indexOf(piece, from);
      if (at < 0 || at + piece.length > limit) return false;
      from = at + piece.length;
    }
    return true;
  };
}
