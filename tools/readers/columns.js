#!/usr/bin/env node
// Turns batches of Headgate, in columns or in rows, into JSON with rows, one batch a line:
// columns.js [--dictionary FILE]… FILE… > rows.ndjson
// docs/batch-format.md says what the bytes mean. Node's own library and the zstd command.
'use strict';
const fs = require('fs');
const { execFileSync } = require('child_process');

// Three parts, each read from its front: texts, planes and bits.
class Data {
  constructor(data, textBytes, planeBytes) {
    [this.data, this.textAt, this.planeAt, this.bitAt] = [data, 0, textBytes, 8 * (textBytes + planeBytes)];
  }
  text() {
    const end = this.data.indexOf(0, this.textAt);
    if (end < 0) throw new Error('a text is missing');
    const text = this.data.toString('utf8', this.textAt, end);
    this.textAt = end + 1;
    return text;
  }
  numbers(count) {
    this.textAt += count;
    return this.data.subarray(this.textAt - count, this.textAt);
  }
  plane() {
    return this.data[this.planeAt++];
  }
  bits(count) {
    let value = 0n;
    for (let have = 0; have < count;) {
      const from = this.bitAt % 8;
      const taken = Math.min(count - have, 8 - from);
      value |= BigInt((this.data[this.bitAt >> 3] >> from) & ((1 << taken) - 1)) << BigInt(have);
      have += taken;
      this.bitAt += taken;
    }
    return value;
  }
}

function integers(plan, rows, columns, data) {
  const [lowBits, order, group] = plan.slice(0, 3).map(Number);
  let [last, ...bases] = plan.slice(3).map(BigInt);
  const [numbers, pasts, values] = [new Map(), new Map(), []];
  for (let row = 0; row < rows; ++row) {
    let rest = 0n;
    if (lowBits >= 0) {
      const above = data.plane();
      rest = above === 255 ? data.bits(64) : (BigInt(above) << BigInt(lowBits)) | data.bits(lowBits);
    }
    const key = group >= 0 ? columns[group][row] : '';
    if (!numbers.has(key)) numbers.set(key, numbers.size);
    let value = (rest & 1n ? ~(rest >> 1n) : rest >> 1n) + bases[order === 0 ? numbers.get(key) : 0];
    if (order > 0) {
      const past = pasts.get(key);
      value += past ? past.value : last;
      if (order === 2 && past) value += past.step;
      last = BigInt.asIntN(64, value);
      pasts.set(key, { value: last, step: past ? last - past.value : 0n });
    }
    values.push(BigInt.asIntN(64, value));
  }
  return values;
}

function decimal(value, decimals, decimalsMin) {
  const digits = String(value < 0n ? -value : value).padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  let fraction = digits.slice(digits.length - decimals);
  while (fraction.length > decimalsMin && fraction.endsWith('0')) fraction = fraction.slice(0, -1);
  return (value < 0n ? '-' : '') + whole + (fraction ? '.' + fraction : '');
}

function time(count, decimals, between, zone) {
  const unit = 10n ** BigInt(decimals);
  const text = new Date(Number(count / unit) * 1000).toISOString();
  const fraction = decimals ? '.' + String(count % unit).padStart(decimals, '0') : '';
  return text.slice(0, 10) + between + text.slice(11, 19) + fraction + zone;
}

// The texts of one column, one for each row.
function column(form, rows, columns, data) {
  const texts = (count) => Array.from({ length: count }, () => data.text());
  switch (form[0]) {
    case 'c': return new Array(rows).fill(data.text());
    case 's': return texts(rows);
    case 'w': {
      const words = texts(form[1]);
      const numbers = words.length <= 256 ? data.numbers(rows) : integers(form[2], rows, [], data);
      return Array.from(numbers, (number) => words[Number(number)]);
    }
    case 'd':
    case 't': {
      const plan = form[0] === 'd' ? 3 : 4;
      const made = integers(form[plan], rows, columns, data).map((value) =>
        form[0] === 'd' ? decimal(value, form[1], form[2]) : time(value, form[1], form[2], form[3]));
      for (const row of form.slice(plan + 1)) made[row] = data.text();
      return made;
    }
    default: throw new Error(`a column of kind ${form[0]}: a newer version of the format`);
  }
}

// The JSON text of a batch in columns, as it would be in rows.
function rowsOf(content) {
  const headBytes = content.readUInt32LE(4);
  const head = content.toString('utf8', 12, 12 + headBytes);
  const form = JSON.parse(head).m;
  const data = new Data(content.subarray(12 + headBytes), ...form.bytes);
  const [seqs, times] = ['i', 't'].map((key) => integers(form[key], form.n, [], data));
  const shapes = Array.from({ length: form.shapes }, () => data.text().split('\x01'));
  const shapeOf = shapes.length > 1 ? data.numbers(form.n) : new Uint8Array(form.n);
  let at = 0;
  const columnsOf = shapes.map((parts, number) => {
    const rows = shapeOf.filter((shape) => shape === number).length;
    const columns = [];
    for (let hole = 1; hole < parts.length; ++hole) columns.push(column(form.columns[at++], rows, columns, data));
    return columns;
  });
  const next = shapes.map(() => 0);
  const rows = seqs.map((seq, row) => {
    const shape = shapeOf[row];
    const own = next[shape]++;
    const text = shapes[shape].map((part, hole) => (hole ? columnsOf[shape][hole - 1][own] : '') + part).join('');
    return `{"i":${seq},"t":${times[row]},${text}}`;
  });
  return head.slice(0, head.lastIndexOf(',"m":{')) + ',"m":[' + rows.join(',') + ']}';
}

// Content of a zstd frame; `dictionaries` are files by the ids that frames name (RFC 8878 section 3.1.1.1).
function expand(frame, dictionaries) {
  const idBytes = [0, 1, 2, 4][frame[4] & 3];
  const needed = idBytes && frame.readUIntLE(frame[4] & 32 ? 5 : 6, idBytes);
  if (needed && !dictionaries.has(needed)) {
    console.error(`a batch needs the dictionary ${needed}: --dictionary FILE`);
    process.exit(1);
  }
  const options = needed ? ['-D', dictionaries.get(needed)] : [];
  return execFileSync('zstd', ['-dcq', ...options], { input: frame, maxBuffer: 1 << 30 });
}

const words = process.argv.slice(2);
const byId = new Map();
for (; words[0] === '--dictionary'; words.splice(0, 2)) byId.set(fs.readFileSync(words[1]).readUInt32LE(4), words[1]);
for (const path of words) {
  const payload = fs.readFileSync(path);
  const content = payload.readUInt32LE(0) === 0xfd2fb528 ? expand(payload, byId) : payload;
  console.log(content.toString('latin1', 0, 4) === 'HGC1' ? rowsOf(content) : content.toString());
}
