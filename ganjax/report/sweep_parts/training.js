// Curves over training. They are inside the page, or in files that it loads.
const SHOWN_SETTINGS = COLOURS;
const CURVE_RESAMPLES = 400;

const stores = new Map(); // number of a file -> a promise of its curves
const arrived = new Map();
window.ganjaxCurves = (number, store) => arrived.get(number)(store);

function storeOf(setting) {
  const number = data.chunks ? data.chunks[setting] : 0;
  if (!stores.has(number)) stores.set(number, data.chunks
    ? new Promise((resolve, reject) => {
      arrived.set(number, resolve);
      const name = `${FOLDER}/curves_${String(number).padStart(5, "0")}.js`;
      document.head.append(el("script", {
        src: name,
        onerror: () => reject(new Error(
          `${name} is missing. Keep the folder ${FOLDER} next to this page.`)),
      }));
    })
    : Promise.resolve(parsed("curves")));
  return stores.get(number);
}

// Packed numbers are the upper three bytes of each float32.
function unpacked(text) {
  const bytes = atob(text);
  const words = new Uint32Array(bytes.length / 3);
  for (let i = 0; i < words.length; i++)
    words[i] = (bytes.charCodeAt(3 * i) << 24) | (bytes.charCodeAt(3 * i + 1) << 16) |
      (bytes.charCodeAt(3 * i + 2) << 8);
  return new Float32Array(words.buffer);
}

// The curves of a trial: name -> its steps and values.
function curvesIn(store, trial) {
  const found = new Map();
  const [layout, text] = store.trials[data.ids[trial]] ?? [null, ""];
  if (layout === null) return found;
  const values = unpacked(text);
  let start = 0;
  for (const [name, at] of store.layouts[layout]) {
    const steps = store.steps[at];
    found.set(store.names[name],
      { steps, values: [...values.subarray(start, start + steps.length)] });
    start += steps.length;
  }
  return found;
}

const EVALUATION = "evaluation/";
const capital = text => text.charAt(0).toUpperCase() + text.slice(1);
const titleOfCurve = name => capital(name.replace(EVALUATION, "")
  .split("/").map(part => part.replaceAll("_", " ")).join(": "));

// The mean over trials at the steps that most of them have, with its interval.
function meanCurve(curves) {
  const at = new Map();
  for (const { steps, values } of curves)
    steps.forEach((step, i) => {
      if (!Number.isFinite(values[i])) return;
      if (!at.has(step)) at.set(step, []);
      at.get(step).push(values[i]);
    });
  const most = Math.max(0, ...[...at.values()].map(own => own.length));
  const x = [...at.keys()].filter(step => at.get(step).length === most)
    .sort((a, b) => a - b);
  const y = x.map(step => averageOf(at.get(step)));
  if (most < 2) return { x, y };
  const random = generator(0);
  const draws = Array.from({ length: CURVE_RESAMPLES * most },
    () => Math.floor(random() * most));
  const low = [], high = [];
  const means = new Float64Array(CURVE_RESAMPLES);
  for (const step of x) {
    const own = at.get(step);
    for (let i = 0; i < CURVE_RESAMPLES; i++) {
      let sum = 0;
      for (let j = 0; j < most; j++) sum += own[draws[i * most + j]];
      means[i] = sum / most;
    }
    means.sort();
    low.push(quantile(means, 0.025));
    high.push(quantile(means, 0.975));
  }
  return { x, y, low, high };
}

let turn = 0;
async function drawTraining() {
  const mine = ++turn;
  const top = rowsOf("settings").slice(0, SHOWN_SETTINGS);
  const host = byId("curves_over_steps");
  let found;
  try {
    const own = await Promise.all(top.map(storeOf));
    found = top.map((row, i) => members[row].map(trial => curvesIn(own[i], trial)));
  } catch (error) {
    host.replaceChildren(el("p", { class: "note warn" }, error.message));
    return;
  }
  if (mine !== turn) return;
  const names = new Set(found.flat().flatMap(curves => [...curves.keys()])
    .filter(name => name.startsWith(EVALUATION) || name.endsWith("/loss")));
  host.replaceChildren();
  const used = new Set();
  for (const name of names) {
    const series = found.map((own, i) => ({
      colour: i,
      ...meanCurve(own.filter(curves => curves.has(name)).map(curves => curves.get(name))),
    })).filter(s => s.x.length);
    if (!series.length) continue;
    series.forEach(s => used.add(s.colour));
    chart(host, { title: titleOfCurve(name), series, along: { steps: true } });
  }
  const keys = top.flatMap((row, i) => used.has(i)
    ? [el("span", { class: "key" }, el("i", { class: `c${i}` }), shortName(row))] : []);
  if (telling.length) keys.unshift(el("b", {}, telling.map(f => f.name).join(", ")));
  byId("curve_keys").replaceChildren(...keys);
  if (!host.children.length)
    host.append(el("p", { class: "note" }, "These settings have no curves yet."));
}
