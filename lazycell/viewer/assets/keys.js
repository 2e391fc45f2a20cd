// The keys that work everywhere, and the list of all.

const KEYS = [
  ["Everywhere", [["/", "search"], ["?", "this list"], ["u", "take alike layers apart, or put them together"],
    ["Escape", "out of the search, of what is shown alone, of the zoom"], ["Tab", "to the next part of the page"]]],
  ["In the search", [["Enter", "next match"], ["Shift Enter", "match before"], ["↓", "to the tree"], ["Escape", "leave it"]]],
  ["In the tree", [["↑ ↓", "row by row"], ["→ ←", "open, close; into it, out of it"], ["Space", "open or close"],
    ["Enter", "zoom the map to it"], ["Home End", "first, last row"], ["PageUp PageDown", "a page up, down"]]],
  ["In the map", [["← →", "to what is beside it"], ["Enter", "into it"], ["Backspace", "out of it"]]],
  ["What a search finds", [["attn.weight", "a part of a name"], ["*.bias", "a whole name, * for anything"],
    ["768x768", "dimensions of a shape"], ["(768, 768)", "a whole shape"], ["bf16", "a dtype, as bfloat16"],
    ["Dense", "a class that declares it"], ["norm", "a role: embedding, attention, feed-forward, experts, norm, head"],
    ["dtype:bf16", "only this: name:, shape:, dtype:, class:, role:"], ["norm bf16", "all of several words"]]],
];

const keyList = byId("keys");

function fillKeyList() {
  byId("key-tables").append(...KEYS.map(([title, keys]) => {
    const table = make("table", "keys");
    table.append(make("caption", "", title));
    for (const [key, meaning] of keys) {
      const row = make("tr"), cell = heading("row", "");
      cell.append(...(title.startsWith("What") ? [key] : key.split(" ")).map((each) => make("kbd", "", each)));
      row.append(cell, make("td", "", meaning));
      table.append(row);
    }
    return table;
  }));
}

byId("show-keys").addEventListener("click", () => keyList.showModal());
byId("close-keys").addEventListener("click", () => keyList.close());
// A click beside it is on the dialog itself, one within it on what it holds.
keyList.addEventListener("click", (event) => { if (event.target === keyList) keyList.close(); });

const PAGE_KEYS = {
  "/": () => { byId("search").focus(); byId("search").select(); },
  "?": () => keyList.showModal(),
  u: () => turnNearest(),
  Escape: () => {
    if (state.query) clearSearch();
    else if (state.highlight >= 0) store.change({ highlight: -1 });
    else zoomOut();
  },
};
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]), select");
  if (keyList.open || (typing && event.key !== "Escape")) return;
  press(PAGE_KEYS, event);
});
