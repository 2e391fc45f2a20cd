// The map: a rectangle for each parameter, its area the bytes. The base canvas holds the rectangles, the one over it the
// outlines of what is hovered and selected, so that a moving pointer redraws next to nothing.

const TITLE = 17;        // height of a group's title
const SMALLEST = 3;      // a group thinner than this is drawn as one rectangle
const LETTER = 6.65;     // width of a letter of the canvas' font

function makeMap(model, store) {
  const box = document.getElementById("map");
  const base = document.getElementById("map-base"), over = document.getElementById("map-over");
  const { state } = store;
  let tiles = [], tileOf = new Int32Array(model.count).fill(-1);

  new ResizeObserver(() => { arrange(); paint(); outline(); }).observe(box);
  store.listen((parts) => {
    if ("zoom" in parts) arrange();
    if (["zoom", "sorted", "matched", "onlyDifferences", "highlight", "theme"].some((key) => key in parts)) paint();
    outline();
  });

  function arrange() {
    const width = box.clientWidth, height = box.clientHeight, ratio = window.devicePixelRatio || 1;
    for (const canvas of [base, over]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
    }
    tileOf.fill(-1);
    tiles = layTiles(model, state.zoom, width, height, tileOf);
  }

  function paint() {
    const pen = base.getContext("2d");
    pen.clearRect(0, 0, box.clientWidth, box.clientHeight);
    if (!state.sorted) return;
    const fills = inks(state.sorted.categories.map((each) => each.colour));
    const [ink, paper, frame, frameInk, family] = inks(["--map-ink", "--map-faded", "--map-frame", "--text", "--mono"]);
    pen.font = `11px ${family}`;
    pen.textBaseline = "middle";
    const faded = (row) => (state.matched && !state.matched[row]) || (state.onlyDifferences && !model.rows.marks[row]) ||
      (state.highlight >= 0 && state.sorted.category[row] !== state.highlight);
    for (const tile of tiles) {
      if (tile.open) { paintFrame(pen, tile, frame, frameInk); continue; }
      const row = model.row[model.heaviest[tile.node]], pale = faded(row);
      pen.fillStyle = pale ? paper : fills[state.sorted.category[row]];
      const gap = Math.min(tile.width, tile.height) > 4 ? 1 : 0;
      pen.fillRect(tile.x, tile.y, tile.width - gap, tile.height - gap);
      if (!pale) paintLabel(pen, tile, ink);
    }
  }

  function paintFrame(pen, tile, frame, frameInk) {
    pen.fillStyle = frame;
    pen.fillRect(tile.x, tile.y, tile.width - 1, tile.height - 1);
    pen.fillStyle = frameInk;
    if (tile.title) pen.fillText(fitted(legible(tile.title, 200), tile.width - 10), tile.x + 5, tile.y + TITLE / 2 + 1);
  }

  function paintLabel(pen, tile, ink) {
    if (tile.width < 34 || tile.height < 15) return;
    pen.fillStyle = ink;
    pen.fillText(fitted(legible(tile.lead + model.label[tile.node], 200), tile.width - 9), tile.x + 5, tile.y + 9);
    const row = model.row[tile.node];
    if (row < 0 || tile.height < 30 || tile.width < 70) return;
    const shape = fitted(`${shapeText(specOf(model, row).shape)}`, tile.width - 9);
    pen.fillText(shape, tile.x + 5, tile.y + 23);
  }

  function outline() {
    const pen = over.getContext("2d");
    pen.clearRect(0, 0, box.clientWidth, box.clientHeight);
    const [accent, paper, text] = inks(["--accent", "--surface", "--text"]);
    for (const [node, colour, thick] of [[state.hovered, text, 1.5], [state.selected, accent, 2.5]]) {
      const tile = tileAround(node);
      if (!tile || node === state.zoom) continue;
      for (const [style, line] of [[paper, thick + 2], [colour, thick]]) {
        pen.strokeStyle = style;
        pen.lineWidth = line;
        pen.strokeRect(tile.x + 1, tile.y + 1, Math.max(1, tile.width - 3), Math.max(1, tile.height - 3));
      }
    }
  }

  // The node's own tile, or that of the smallest group around it that has one.
  function tileAround(node) {
    if (node < 0 || !isWithin(model, node, state.zoom)) return null;
    while (node >= 0 && tileOf[node] < 0) node = model.parent[node];
    return node < 0 ? null : tiles[tileOf[node]];
  }

  return {
    tileAround,
    at(x, y) {
      for (let place = tiles.length - 1; place >= 0; place--) {
        const tile = tiles[place];
        if (x >= tile.x && x < tile.x + tile.width && y >= tile.y && y < tile.y + tile.height) return tile.node;
      }
      return -1;
    },
  };
}

function fitted(text, width) {
  const letters = Math.floor(width / LETTER);
  return text.length <= letters ? text : letters < 2 ? "" : `${text.slice(0, letters - 1)}…`;
}

// Give every rectangle from the zoomed node down, groups before what is in them.
function layTiles(model, zoom, width, height, tileOf) {
  const tiles = [], pending = [{ node: zoom, lead: "", x: 0, y: 0, width, height }];
  while (pending.length) {
    const tile = pending.pop();
    const { chain, last } = lonely(model, tile.node);
    for (const node of chain) tileOf[node] = tiles.length;
    tile.open = isGroup(model, last) && Math.min(tile.width, tile.height) >= SMALLEST;
    tiles.push(tile);
    if (!tile.open) continue;
    const outermost = tile.node === zoom;
    const titled = !outermost && tile.width > 56 && tile.height > 3 * TITLE;
    const edge = titled ? 2 : !outermost && Math.min(tile.width, tile.height) > 24 ? 1 : 0;
    const path = chain.map((node) => model.label[node]).join(".");
    tile.title = titled ? tile.lead + path : "";
    const lead = titled || outermost ? "" : `${tile.lead}${path}.`;   // what the labels within have to say
    const top = tile.y + (titled ? TITLE : edge);
    const children = childrenOf(model, last).filter((child) => model.area[child] > 0);
    children.sort((one, two) => model.area[two] - model.area[one]);
    const inner = [tile.x + edge, top, Math.max(0, tile.width - 2 * edge), Math.max(0, tile.y + tile.height - top - edge)];
    squarify(children.map((child) => model.area[child]), ...inner).forEach(([x, y, wide, high], place) =>
      pending.push({ node: children[place], lead, x, y, width: wide, height: high }));
  }
  return tiles;
}

// A group that holds a single group shares its frame: `bert.encoder`.
function lonely(model, node) {
  const chain = [node];
  for (let last = node; isGroup(model, last);) {
    const only = last + 1;
    if (only >= model.end[last] || model.end[only] !== model.end[last] || !isGroup(model, only)) break;
    chain.push((last = only));
  }
  return { chain, last: chain[chain.length - 1] };
}
