// Values as people read them. Raw numbers stay in data-value (dom.js, setNumber).

const whole = new Intl.NumberFormat('en', {maximumFractionDigits: 0});
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

export const count = (value) => value === null || value === undefined ? '\u2013' : whole.format(value);

export function bytes(value) {
  if (value === null || value === undefined) return '\u2013';
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    ++unit;
  }
  return (unit === 0 || value >= 100 ? whole.format(value) : value.toFixed(1)) + '\u00a0' + UNITS[unit];
}

// Per second.
export function rate(value) {
  if (!value || value < 0.005) return '0/s';
  return (value >= 100 ? whole.format(value) : value.toPrecision(value >= 1 ? 3 : 2).replace(/\.0+$/, '')) + '/s';
}

export const percent = (part, all) => all > 0 ? whole.format(100 * part / all) + '\u00a0%' : '\u2013';

// When a forecast comes true: none of the hub's is finer than a minute.
export const soon = (left_ms, words) => left_ms < 90_000 ? 'within a minute' : words;

export const plural = (n, one, many = one + 's') => `${count(n)} ${n === 1 ? one : many}`;

// A duration: its two largest units.
export function duration(ms) {
  if (ms === null || ms === undefined) return '\u2013';
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const total_s = Math.floor(ms / 1000);
  const parts = [[Math.floor(total_s / 86400), 'd'], [Math.floor(total_s / 3600) % 24, 'h'],
                 [Math.floor(total_s / 60) % 60, 'min'], [total_s % 60, 's']];
  const first = parts.findIndex(([n]) => n > 0);
  return parts.slice(first, first + 2).filter(([n]) => n > 0).map(([n, unit]) => `${n} ${unit}`).join(' ');
}

const zoned = new Intl.DateTimeFormat('en-GB', {hour: '2-digit', minute: '2-digit', second: '2-digit'});
const dated = new Intl.DateTimeFormat('en-GB', {day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit'});

// A moment in the viewer's zone: its time of day today, else with its date.
export function when(ms, now_ms = Date.now()) {
  if (!ms) return '\u2013';
  const at = new Date(ms);
  return new Date(now_ms).toDateString() === at.toDateString() ? zoned.format(at) : dated.format(at);
}

// The same moment as the hub writes it.
export const utc = (ms) => ms ? new Date(ms).toISOString() : '';

export const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;
