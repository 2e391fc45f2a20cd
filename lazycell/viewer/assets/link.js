// The address tells what is open: `#select=encoder.layer.3&find=bf16&colour=dtype&sort=bytes`. What is as at first is not
// in it. It may come from anyone: what it names and the page does not have is passed over.

const LONGEST_LINK = 4000;
const PAUSE = 200;   // milliseconds: browsers count how often the address changes

const plainly = (text) => encodeURIComponent(text).replace(/%(?:7B|7D|2C|2F|3A|5B|5D)/g, decodeURIComponent);

function linkOf() {
  const parts = [["select", pathOf(model, state.selected)], ["zoom", pathOf(model, state.zoom)], ["find", state.query],
    ["only", state.onlyDifferences ? "differences" : ""], ["colour", state.sorted.key === usualMode ? "" : state.sorted.key],
    ["sort", state.order.key === "declared" ? "" : state.order.key]];
  const link = parts.filter(([, value]) => value).map(([key, value]) => `${key}=${plainly(value)}`).join("&");
  return link.length <= LONGEST_LINK ? link : "";
}

function readLink(hash) {
  const asked = new Map();
  for (const part of hash.replace(/^#/, "").slice(0, 4 * LONGEST_LINK).split("&")) {
    const at = part.indexOf("=");
    try { if (at > 0) asked.set(part.slice(0, at), decodeURIComponent(part.slice(at + 1).replace(/\+/g, " "))); }
    catch { /* no text: not from here */ }
  }
  return (key) => asked.get(key) || "";
}

function goTo(hash) {
  const asked = readLink(hash);
  const mode = modes.find(({ key }) => key === asked("colour"));
  colourBy(mode ? mode.key : usualMode);
  sortBy(asked("sort") === "bytes" ? "bytes" : "declared");
  narrow({ query: asked("find").trim(), onlyDifferences: model.compared && asked("only") === "differences" });
  const [selected, zoom] = ["select", "zoom"].map((key) => Math.max(0, nodeAt(model, asked(key))));
  select(asked("select") ? selected : zoom, { zoom: model.row[zoom] < 0 ? zoom : Math.max(0, model.parent[zoom]) });
}

let writing = 0;
store.listen((parts) => {
  if (!["selected", "zoom", "query", "onlyDifferences", "sorted", "order"].some((key) => key in parts)) return;
  clearTimeout(writing);
  writing = setTimeout(writeLink, PAUSE);
});

function writeLink() {
  const link = linkOf();
  // A page without an address of its own, as within a notebook, may not change it.
  try { history.replaceState(null, "", link ? `#${link}` : location.href.replace(/#.*$/, "")); } catch { /* it stays */ }
}

window.addEventListener("hashchange", () => goTo(location.hash));

byId("copy").addEventListener("click", async () => {
  clearTimeout(writing);
  writeLink();
  try { await navigator.clipboard.writeText(location.href); byId("copied").textContent = "Copied"; }
  catch { byId("copied").textContent = "Copy it from the address bar"; }
  setTimeout(() => { byId("copied").textContent = ""; }, 3000);
});
