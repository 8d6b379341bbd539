// What happens when the page opens, and when the filter, the window or the address
// changes. `window.ganjaxTimings` has the milliseconds of the last actions.
const timings = window.ganjaxTimings = {};
function timed(name, act) {
  const start = performance.now();
  act();
  document.body.getBoundingClientRect(); // includes the layout of the page
  timings[name] = performance.now() - start;
}

const sections = { over: drawOver, training: drawTraining, samples: drawSamples };
const redrawAll = names => names.forEach(name => redraw(byId(name)));

let waiting = 0;
function later(names) {
  cancelAnimationFrame(waiting);
  waiting = requestAnimationFrame(() => {
    const start = performance.now();
    redrawAll(names);
    timings.plots = performance.now() - start;
  });
}
function keptChanged() {
  pictureCount = PICTURES;
  later(["over", "training", "samples"]);
}
function orderChanged() { later(["training", "samples"]); }

timed("table", () => {
  drawView();
  drawFilters();
  drawHead();
  drawRows();
  drawFailed();
});
for (const body of [table.tBodies[0], byId("failed").querySelector("tbody")]) {
  body.addEventListener("click", event => {
    const row = event.target.closest("tr[data-trial]");
    if (!row || event.target.closest("a") || String(getSelection())) return;
    location.hash = linkTo(row.dataset.trial).getAttribute("href");
  });
}

byId("over").hidden = !scores.length || !axes.length;
byId("training").hidden = data.curves === 0;
byId("samples").hidden = !Object.keys(data.pictures).length;
if (scores.length) byId("score").append(choice("score",
  scores.map((score, i) => [i, score.title]), over.score, value => {
    over.score = Number(value);
    drawOver();
  }));
for (const [name, draw] of Object.entries(sections)) lazy(byId(name), draw);

addEventListener("hashchange", openTrial);
addEventListener("keydown", event => {
  if (event.key === "Escape" && !drawer.hidden) closeTrial();
});
let width = innerWidth;
addEventListener("resize", () => {
  if (innerWidth === width) return;
  width = innerWidth;
  later(["over", "training"]);
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change",
  () => later(["over"]));
addEventListener("beforeprint", () => {
  for (const section of lazily.values())
    if (section.stale) { section.stale = false; section.draw(); }
});
openTrial();
timings.opened = performance.now();
