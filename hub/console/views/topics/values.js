// Numbers in the bodies of messages over the last minutes: what the hub has recorded, and what comes while one looks.

const SPAN_MS = 600_000;   // kept and drawn
const POINTS_MAX = 600;    // of one number
const NUMBERS_MAX = 12;    // plots at a time: a body may have thousands of numbers
const DEPTH_MAX = 6;

// The numbers in a JSON body as [path, value], at most NUMBERS_MAX.
function numbersIn(payload) {
  if (typeof payload !== 'string' || payload.length > 65_536) return [];
  let body;
  try {
    body = JSON.parse(payload);
  } catch {
    return [];
  }
  const found = [];
  const walk = (value, at, depth) => {
    if (found.length >= NUMBERS_MAX || depth > DEPTH_MAX) return;
    if (typeof value === 'number') found.push([at || 'value', value]);
    else if (value && typeof value === 'object')
      for (const [key, inner] of Object.entries(value)) walk(inner, at ? `${at}.${key}` : key, depth + 1);
  };
  walk(body, '', 0);
  return found;
}

export class Values {
  #series = new Map();  // 'topic\npath' → {topic, path, points}

  add({topic, arrived_ms, payload}) {
    for (const [path, value] of numbersIn(payload)) {
      const key = topic + '\n' + path;
      let one = this.#series.get(key);
      if (!one) {
        if (this.#series.size >= 200) return;
        this.#series.set(key, one = {key, topic, path, points: []});
      }
      const {points} = one;
      if (points.length && points[points.length - 1][0] > arrived_ms) continue;
      points.push([arrived_ms, value]);
      while (points.length > POINTS_MAX || points[0][0] < arrived_ms - SPAN_MS) points.shift();
    }
  }

  // Those with the newest values, by topic; `now_ms` ends what is too old.
  shown(now_ms) {
    return [...this.#series.values()].filter(({points}) => points.length > 1 &&
      points[points.length - 1][0] > now_ms - SPAN_MS)
      .sort((a, b) => a.key < b.key ? -1 : 1).slice(0, NUMBERS_MAX);
  }
}
