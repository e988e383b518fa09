// Adds up the JavaScript that the page needs before its first screen: the entry and all it imports statically.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const out = process.env.FINBRAIN_UI_OUT ?? 'dist';
const limit = 250 * 1000;
const manifest = JSON.parse(readFileSync(join(out, '.vite/manifest.json'), 'utf8'));

const files = new Set();
function collect(key) {
  const chunk = manifest[key];
  if (files.has(chunk.file)) return;
  files.add(chunk.file);
  for (const imported of chunk.imports ?? []) collect(imported);
}
const dashboard = Object.keys(manifest).find((key) => key.endsWith('DashboardPage.tsx'));
collect('index.html');
const entry = measure();
if (dashboard) collect(dashboard);
const first = measure();

function measure() {
  let total = 0;
  for (const file of files) if (file.endsWith('.js')) total += gzipSync(readFileSync(join(out, file))).length;
  return total;
}

const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
console.log(`sign-in: ${kB(entry)} gzip; dashboard without its charts: ${kB(first)} gzip; limit ${kB(limit)}`);
if (first > limit) {
  console.error('the first screen needs more JavaScript than it may');
  process.exit(1);
}
