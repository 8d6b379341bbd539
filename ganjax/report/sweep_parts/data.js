// The data of the page: columns with one entry for each trial or each setting. A
// setting is a group of trials that differ only in their seeds.
const parsed = id => JSON.parse(document.getElementById(id).textContent);
const data = parsed("data");
const trials = data.ids.map((_, i) => i);
const trialOf = new Map(data.ids.map((id, i) => [id, i]));

const groups = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

// The same text as `format_number` of the report in Python.
function shown(value) {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  let text;
  if (Number.isInteger(value) && size < 1e7) text = groups.format(value + 0);
  else if (size >= 1e3 && size < 1e6) text = groups.format(value);
  else if (size >= 1e-3 && size < 1e6) text = String(Number(value.toPrecision(4)));
  else {
    const [digits, exponent] = value.toExponential(2).split("e");
    text = Number(digits) + "e" + Number(exponent);
  }
  return text.replaceAll("-", "−");
}

const fields = data.fields.map(({ name, values, of }) => {
  const numbers = values.map(v => (v.trim() === "" ? NaN : Number(v)));
  const numeric = values.every((v, i) => v === "" || Number.isFinite(numbers[i])) &&
    numbers.some(Number.isFinite);
  // Numbers in ascending order, and other values in the order of the sweep. A value
  // that is not set is the last.
  const order = values.map((_, i) => i).sort((a, b) =>
    (values[a] === "") - (values[b] === "") ||
    (numeric && values[a] !== "" ? numbers[a] - numbers[b] : a - b));
  const rank = [];
  order.forEach((value, place) => { rank[value] = place; });
  return { name, values, of, numbers, numeric, order, rank };
});
const axes = data.axes.map(i => fields[i]);
const telling = data.telling.map(i => fields[i]);
const followers = axes.filter(field => !telling.includes(field));
const seedFields = data.seeds.map(i => fields[i]);

const members = [];
data.setting.forEach((setting, trial) => {
  (members[setting] ??= []).push(trial);
});
const settings = members.map((_, i) => i);

// The value of a field in a trial, and in a setting.
const codeOf = (field, setting) => field.of[members[setting][0]];
// The text of a value. A number with many digits is rounded.
function said(field, code) {
  const text = field.values[code], value = field.numbers[code];
  if (text === "") return "not set";
  return Number.isFinite(value) && text.length > 8 ? shown(value) : text;
}
const stateOf = trial => data.states.values[data.states.of[trial]];
const reasonOf = trial => data.reasons.values[data.reasons.of[trial]];

function nameOf(setting) {
  const trial = members[setting][0];
  const parts = telling
    .filter(f => f.values[f.of[trial]] !== "")
    .map(f => `${f.name}=${said(f, f.of[trial])}`);
  return parts.join(", ") || data.name;
}
// The values alone, for a legend.
function shortName(setting) {
  return telling.map(f => said(f, codeOf(f, setting))).join(", ") || data.name;
}
function pointOf(trial) {
  return fields
    .filter(f => f.values[f.of[trial]] !== "")
    .map(f => [f.name, f.values[f.of[trial]]]);
}

// Numbers that JSON lacks are strings, and a missing number is null.
const asNumber = value => (value === null ? NaN : Number(value));
const scores = data.scores.map(score => {
  const columns = [[], [], [], []];
  for (const found of score.settings)
    columns.forEach((column, i) => column.push(found ? asNumber(found[i]) : NaN));
  const [mean, low, high, n] = columns;
  return { ...score, of: score.values.map(asNumber), mean, low, high, n };
});
const finished = members.map(own => own.filter(t => stateOf(t) === "finished").length);

function countsOf(setting) {
  const seen = new Map();
  for (const trial of members[setting])
    seen.set(stateOf(trial), (seen.get(stateOf(trial)) ?? 0) + 1);
  const others = [...seen].filter(([state]) => state !== "finished");
  return [finished[setting], ...others.map(([state, n]) => `${n} ${state}`)].join(", ");
}

// The filter keeps trials. A setting is kept if one of its trials is.
const filter = { words: [], values: new Map(), ranges: new Map() };
let texts = null;

function textOf(trial) {
  texts ??= trials.map(i => [
    data.ids[i], ...pointOf(i).map(([name, value]) => `${name}=${value}`),
    stateOf(i), reasonOf(i), "",
  ].join(" ").toLowerCase());
  return texts[trial];
}

// A number must be complete: seed=1 is not the start of seed=10.
const needle = word => (/=-?\d[-+.\de]*$/.test(word) ? `${word} ` : word);

function keeps(trial) {
  for (const [field, value] of filter.values)
    if (field.of[trial] !== value) return false;
  for (const [field, [low, high]] of filter.ranges) {
    const value = field.numbers[field.of[trial]];
    if (!(value >= low && value <= high)) return false;
  }
  return filter.words.every(any => any.some(word => textOf(trial).includes(word)));
}

let kept = { trials, settings };
function applyFilter() {
  const found = trials.filter(keeps);
  const has = new Set(found.map(trial => data.setting[trial]));
  kept = { trials: found, settings: settings.filter(i => has.has(i)) };
}
