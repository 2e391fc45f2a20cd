// Which rows a query finds: those that hold it, or, where it has a `*`, those that it describes from end to end.

function matcher(query) {
  const pattern = query.toLowerCase();
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

function makeSearch(model) {
  let names = null;
  const lowered = () => model.rows.word.map((_, row) => {
    const former = formerName(model, row);
    return [nameOf(model, row).toLowerCase(), former === null ? null : former.toLowerCase()];
  });
  // Give a flag for each row, or null where nothing is asked for.
  return (query) => {
    if (query === "") return null;
    names = names || lowered();
    const matches = matcher(query);
    return Uint8Array.from(names, ([name, former]) => (matches(name) || (former !== null && matches(former)) ? 1 : 0));
  };
}
