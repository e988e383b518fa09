import { describe, expect, test } from 'vitest';
import { en } from './en';
import { he } from './he';

type Table = { readonly [key: string]: string | Table };

function flatten(table: Table, prefix = ''): [string, string][] {
  return Object.entries(table).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[prefix + key, value]] : flatten(value, `${prefix}${key}.`),
  );
}

const plural = /_(zero|one|two|few|many|other)$/;
const english = new Map(flatten(en));
const hebrew = new Map(flatten(he));
const stems = (keys: Iterable<string>) => [...new Set([...keys].map((key) => key.replace(plural, '')))].sort();
const holes = (text: string) => [...text.matchAll(/{{(\w+)}}/g)].map((match) => match[1]).sort();

const sources = Object.entries(
  import.meta.glob<string>('/src/**/*.{ts,tsx}', { query: '?raw', import: 'default', eager: true }),
).filter(([path]) => !/\.test\.|\/i18n\/|\/testing\//.test(path));

describe('texts', () => {
  test('have the same keys in both languages', () => {
    expect(stems(hebrew.keys())).toEqual(stems(english.keys()));
  });

  test('have the plural forms that each language needs', () => {
    for (const [language, table] of [
      ['en', english],
      ['he', hebrew],
    ] as const) {
      const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
      for (const key of table.keys()) {
        if (!plural.test(key)) continue;
        const stem = key.replace(plural, '');
        for (const form of forms) expect(table.has(`${stem}_${form}`), `${language} ${stem}_${form}`).toBe(true);
      }
    }
  });

  test('have the same holes to fill', () => {
    for (const [key, text] of hebrew) {
      const original = english.get(key) ?? english.get(key.replace(plural, '_other')) ?? '';
      const allowed = holes(original);
      const used = holes(text);
      // "One" and "two" are written as words in Hebrew.
      if (/_(one|two)$/.test(key)) expect(allowed, key).toEqual(expect.arrayContaining(used));
      else expect(used, key).toEqual(allowed);
    }
  });

  test('are written in their own script', () => {
    const latinByNature = new Set(['language.other']);
    for (const [key, text] of hebrew) {
      if (!latinByNature.has(key)) expect(text, key).toMatch(/[\u05d0-\u05ea]/);
    }
  });

  test('are all used', () => {
    const code = sources.map(([, text]) => text).join('\n');
    const templates = [...code.matchAll(/`([a-zA-Z.-]+)\$\{/g)].map((match) => match[1] ?? '');
    const unused = stems(english.keys()).filter(
      (key) => !code.includes(`'${key}'`) && !templates.some((start) => start.includes('.') && key.startsWith(start)),
    );
    expect(unused).toEqual([]);
  });

  test('stand in no component', () => {
    const visible = /(?:label|title|placeholder|aria-label)="[A-Z][a-z]+|>\s*[A-Z][a-z]+ [a-z]+[^<{]*</;
    const offenders = sources.filter(([path, text]) => path.endsWith('.tsx') && visible.test(text)).map(([path]) => path);
    expect(offenders).toEqual([]);
  });
});
