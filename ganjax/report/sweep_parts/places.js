// Places of a field's values on an axis of a plot, and means at these places.
const MOST_PLACES = 16; // numbers with more values are put into ranges
const RANGES = 10;
// Positive values over at least this factor have a logarithmic axis. With zeros among
// them, the values are evenly spaced.
const WIDE = 99.999;
const RESAMPLES = 1000;

// Return the `names` of the places, their `numbers` if the axis is numeric, whether it
// is `log`, and `of(setting)`, the index of the place of a setting.
function placesOf(field, rows) {
  const present = new Set(rows.map(row => codeOf(field, row)));
  const codes = field.order.filter(code => present.has(code));
  const values = codes.map(code => field.numbers[code]);
  const positive = values.filter(value => value > 0);
  const even = extent(values)[0] === 0 && codes.length <= MOST_PLACES &&
    isWide(positive, WIDE);
  const numeric = field.numeric && values.every(Number.isFinite) && !even;
  const log = numeric && isWide(values, WIDE);
  if (numeric && codes.length > MOST_PLACES) return ranges(field, rows, values, log);
  const place = new Map(codes.map((code, i) => [code, i]));
  return {
    names: codes.map(code => said(field, code)),
    numbers: numeric ? values : null,
    log, grouped: false,
    of: row => place.get(codeOf(field, row)),
  };
}

function ranges(field, rows, values, log) {
  const map = log ? Math.log : value => value;
  const back = log ? Math.exp : value => value;
  const low = map(values[0]), width = (map(values.at(-1)) - low) / RANGES;
  const at = row => Math.min(RANGES - 1,
    Math.floor((map(field.numbers[codeOf(field, row)]) - low) / width));
  const used = [...new Set(rows.map(at))].sort((a, b) => a - b);
  const place = new Map(used.map((range, i) => [range, i]));
  const edge = i => back(low + i * width);
  const short = value => shown(Number(value.toPrecision(2)));
  return {
    names: used.map(i => `${short(edge(i))} … ${short(edge(i + 1))}`),
    numbers: used.map(i => edge(i + 0.5)),
    log, grouped: true,
    of: row => place.get(at(row)),
  };
}

// The note about fields whose values are put into ranges.
function groupedNote(found) {
  const names = found.filter(([, places]) => places.grouped).map(([field]) => field.name);
  return names.length
    ? el("p", { class: "note" }, `The values of ${[...new Set(names)].join(" and ")} ` +
      "are put into ranges.") : null;
}

const averageOf = values => values.reduce((a, b) => a + b, 0) / values.length;

// The mean over settings, where each setting has the same weight.
function meanOf(score, rows) {
  const means = finite(rows.map(row => score.mean[row]));
  return means.length ? averageOf(means) : NaN;
}

// The mean with an interval over seeds. The seeds of each setting are resampled, and
// the settings stay. A single setting has the interval of the table.
function estimateOf(score, rows) {
  const own = rows.filter(row => Number.isFinite(score.mean[row]));
  if (own.length === 1)
    return { mean: score.mean[own[0]], low: score.low[own[0]], high: score.high[own[0]] };
  const values = own.map(row => finite(members[row].map(trial => score.of[trial])));
  return { mean: meanOf(score, own), ...interval(values) };
}

// A generator of numbers in [0, 1) that gives the same numbers on every page.
function generator(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function interval(values) {
  if (!values.length || values.some(own => own.length < 2)) return { low: NaN, high: NaN };
  const random = generator(0);
  const means = new Float64Array(RESAMPLES);
  for (let i = 0; i < RESAMPLES; i++) {
    let sum = 0;
    for (const own of values) {
      let part = 0;
      for (let j = 0; j < own.length; j++) part += own[Math.floor(random() * own.length)];
      sum += part / own.length;
    }
    means[i] = sum / values.length;
  }
  means.sort();
  return { low: quantile(means, 0.025), high: quantile(means, 0.975) };
}
