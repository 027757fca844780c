// Small pictures of numbers, in SVG of our own. Each has its numbers in words beside it or in its label.
import {h, keyed, s, setAttr, setText} from './dom.js';

// A bar of `value` in `max`; without a limit it stays empty. Trouble colours it.
export function meter(label) {
  const bar = h('span', {class: 'meter-bar'});
  const element = h('span', {class: 'meter', role: 'meter', 'aria-label': label, 'aria-valuemin': '0'}, bar);
  return {
    element,
    update(value, max, trouble = '') {
      const part = max > 0 ? Math.min(1, value / max) : 0;
      setAttr(element, 'class', 'meter ' + (trouble || (part >= 0.95 ? 'bad' : part >= 0.8 ? 'warn' : '')));
      setAttr(element, 'aria-valuenow', Math.min(value, max || value));
      setAttr(element, 'aria-valuemax', max || value || 1);
      bar.style.width = (100 * part).toFixed(1) + '%';
    },
  };
}

// A line of numbers over time. points: [[ms, number]…] in the order of time.
export function spark({width = 240, height = 48, label}) {
  const line = s('polyline', {class: 'spark-line', fill: 'none'});
  const last = s('circle', {class: 'spark-last', r: 2.5});
  const element = s('svg', {class: 'spark', viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label,
                            preserveAspectRatio: 'none'}, line, last);
  return {
    element,
    update(points, said = label) {
      setAttr(element, 'aria-label', said);
      setAttr(last, 'visibility', points.length ? null : 'hidden');
      if (!points.length) return setAttr(line, 'points', '');
      const [from, to] = [points[0][0], points[points.length - 1][0]];
      const values = points.map(([, value]) => value);
      const [low, high] = [Math.min(...values), Math.max(...values)];
      const x = (ms) => to === from ? width - 4 : 3 + (width - 7) * (ms - from) / (to - from);
      const y = (value) => high === low ? height / 2 : height - 4 - (height - 8) * (value - low) / (high - low);
      setAttr(line, 'points', points.map(([ms, value]) => `${x(ms).toFixed(1)},${y(value).toFixed(1)}`).join(' '));
      setAttr(last, 'cx', x(to).toFixed(1));
      setAttr(last, 'cy', y(values[values.length - 1]).toFixed(1));
    },
  };
}

// A histogram, a bar for each {label, count}, as rows of a list: read by people and screen readers alike.
export function bars(label) {
  const element = h('ol', {class: 'bars', 'aria-label': label});
  return {
    element,
    update(buckets, show = String) {
      const most = Math.max(1, ...buckets.map(({count}) => count));
      keyed(element, buckets, (bucket) => bucket.label,
        (bucket) => h('li', {}, h('span', {class: 'bars-label'}, bucket.label),
                      h('span', {class: 'bars-space'}, h('span', {class: 'bars-bar'})), h('span', {class: 'bars-count'})),
        (li, bucket) => {
          li.children[1].firstChild.style.width = (100 * bucket.count / most).toFixed(1) + '%';
          setAttr(li.children[2], 'data-value', bucket.count);
          setText(li.children[2], show(bucket.count));
        });
    },
  };
}
