// What is there at first.

tellTotals();
tellCache();
fillKeyList();
wear(darkness.matches ? "dark" : "light");
colourBy(usualMode);
select(0, { open: firstOpen(model, state), zoom: 0 });
if (location.hash.length > 1) goTo(location.hash);
// Milliseconds from navigation to a tree that can be used.
document.documentElement.dataset.ready = Math.round(performance.now());
