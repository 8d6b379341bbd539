// Scales, ticks and names at the axes of plots, in pixels.
const CHARACTER = 6.4; // pixels of a character at an axis, on average
const LONGEST = 20; // characters of a name at an axis

const clipped = (text, most = LONGEST) =>
  text.length > most ? text.slice(0, most - 1) + "…" : text;
const lengthOf = (texts, most = LONGEST) =>
  Math.max(0, ...texts.map(t => Math.min(t.length, most)));
const finite = values => values.filter(Number.isFinite);
function extent(values) {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}
const isWide = (values, factor) => {
  const [low, high] = extent(values);
  return low > 0 && high / low > factor;
};

function linearTicks(low, high, count) {
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map(x => x * power).find(x => x >= raw * 0.999);
  const ticks = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++)
    ticks.push(i * step + 0);
  return ticks;
}

function logTicks(low, high, count) {
  const inside = value => value >= low * 0.999 && value <= high * 1.001;
  const powers = [];
  for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e++)
    powers.push(e);
  const decades = powers.map(e => Number(`1e${e}`)).filter(inside);
  if (decades.length > 2) {
    const every = Math.ceil(decades.length / count);
    return decades.filter((_, i) => i % every === 0);
  }
  const parts = powers.flatMap(e => [1, 2, 5].map(x => Number(`${x}e${e}`))).filter(inside);
  return parts.length > 1 ? parts : linearTicks(low, high, count);
}

// A function from values to pixels between `start` and `end`.
function scaleOf(low, high, log, start, end) {
  const map = log ? Math.log10 : value => value;
  const first = map(low), width = map(high) - first || 1;
  const at = value => start + (end - start) * (map(value) - first) / width;
  return { at, low, high, log, ticks: n => (log ? logTicks : linearTicks)(low, high, n) };
}

// The vertical axis for all values that are drawn; `centres` are without the bands.
// A few extreme values may not flatten the curves: then the axis is cut, with a note.
function valueScale(values, centres, start, end) {
  const notes = [];
  if (!values.length) return { ...scaleOf(0, 1, false, start, end), notes };
  let [low, high] = extent(values);
  if (isWide(values, 1000)) {
    notes.push("Logarithmic axis.");
    return { ...scaleOf(low / 1.2, high * 1.2, true, start, end), notes };
  }
  const inner = [...centres].sort((a, b) => a - b);
  const least = quantile(inner, 0.01), most = quantile(inner, 0.99);
  const room = Math.max(most - least, 1e-12);
  if (values.length >= 20 && high - low > 12 * room) {
    notes.push(`Axis cut: values range from ${shown(low)} to ${shown(high)}.`);
    low = Math.max(low, least - 1.5 * room);
    high = Math.min(high, most + 1.5 * room);
  }
  if (low === 0 && high === 0) high = 1;
  const margin = 0.06 * (high - low) || 0.06 * Math.abs(high);
  return { ...scaleOf(low - margin, high + margin, false, start, end), notes };
}

// Quantile of sorted values, with linear interpolation.
function quantile(sortedValues, share) {
  const at = share * (sortedValues.length - 1);
  const below = Math.floor(at), above = Math.min(below + 1, sortedValues.length - 1);
  return sortedValues[below] + (at - below) * (sortedValues[above] - sortedValues[below]);
}

// Names below an axis are turned if they do not fit next to each other.
function namesBelow(names, slot) {
  const longest = lengthOf(names);
  const turned = longest * CHARACTER + 8 > slot;
  return {
    height: turned ? Math.ceil(longest * CHARACTER * 0.64) + 16 : 20,
    left: turned ? longest * CHARACTER * 0.77 - slot / 2 : 0,
    draw: (x, top, name) => svg("text", turned
      ? { class: "tick", x, y: top + 10, "text-anchor": "end",
          transform: `rotate(-40 ${x} ${top + 10})` }
      : { class: "tick", x, y: top + 14, "text-anchor": "middle" },
    svg("title", {}, name), clipped(name)),
  };
}

// Drop ticks whose texts would touch.
function apart(ticks, at, texts) {
  let end = -Infinity;
  return ticks.filter((_, i) => {
    const half = texts[i].length * CHARACTER / 2 + 4;
    if (at(ticks[i]) - half < end) return false;
    end = at(ticks[i]) + half;
    return true;
  });
}

function shortStep(step) {
  for (const [unit, name] of [[1e6, "M"], [1e3, "k"]])
    if (step >= unit) return shown(step / unit) + name;
  return shown(step);
}
