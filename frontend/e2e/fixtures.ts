import { type APIResponse, test as base, expect, type Locator, type Page } from '@playwright/test';
import { en } from '../src/lib/i18n/en';
import { he } from '../src/lib/i18n/he';

export { en, expect, he };

export const password = 'a-quiet-river-at-noon-42';

let serial = 0;

export function newEmail(): string {
  serial += 1;
  return `person-${Date.now()}-${process.pid}-${serial}@example.org`;
}

export const test = base.extend<{ violations: string[] }>({
  // The server may have been started after the configuration was read.
  baseURL: async ({}, use) => {
    await use(process.env.FINBRAIN_URL);
  },
  /** Fails a test in which the page broke the content security policy or threw. */
  violations: [
    async ({ page }, use) => {
      const found: string[] = [];
      page.on('console', (message) => {
        if (message.text().includes('Content Security Policy')) found.push(message.text());
      });
      page.on('pageerror', (error) => found.push(String(error)));
      await use(found);
      expect(found).toEqual([]);
    },
    { auto: true },
  ],
});

function origin(): Record<string, string> {
  return { Origin: process.env.FINBRAIN_URL ?? '' };
}

/** A POST of a script beside the page, with the page's cookies. Waits once when the server asks for it. */
async function post(page: Page, path: string, data: object): Promise<APIResponse> {
  const send = () => page.request.post(path, { data, headers: origin() });
  let answer = await send();
  if (answer.status() === 429 || answer.status() === 503) {
    const seconds = Number(answer.headers()['retry-after'] ?? 1);
    await new Promise((done) => setTimeout(done, Math.min(seconds, 20) * 1000));
    answer = await send();
  }
  expect(answer.ok(), `${path}: ${answer.status()} ${await answer.text()}`).toBe(true);
  return answer;
}

/** A person with an empty book, signed in without the form. */
export async function newPerson(page: Page, locale = 'en'): Promise<string> {
  const email = newEmail();
  await post(page, '/api/v1/auth/register', {
    email,
    password,
    name: 'Dana',
    base_currency: 'ILS',
    locale,
    time_zone: 'Asia/Jerusalem',
  });
  return email;
}

export async function login(page: Page, email: string) {
  await post(page, '/api/v1/auth/login', { email, password });
}

/** The demo's book, entered without the form. */
export async function enterDemo(page: Page, locale = 'en') {
  await post(page, '/api/v1/auth/demo', { base_currency: 'ILS', locale, time_zone: 'Asia/Jerusalem' });
}

export type Row = { date?: string; description: string; amount: string; currency?: string; category_id?: string };

export function today(): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Jerusalem' }).format(new Date());
}

export async function record(page: Page, row: Row) {
  await post(page, '/api/v1/transactions', { date: today(), currency: 'ILS', ...row });
}

type Labels = Pick<typeof en, 'add' | 'field'> | Pick<typeof he, 'add' | 'field'>;

/** Opens the dialog and fills what an expense needs. */
export async function fillExpense(page: Page, description: string, amount: string, labels: Labels = en): Promise<Locator> {
  await page.getByRole('banner').getByRole('button', { name: labels.add.open }).click();
  const dialog = page.getByRole('dialog', { name: labels.add.title });
  await dialog.getByRole('textbox', { name: labels.field.description }).fill(description);
  await dialog.getByRole('textbox', { name: labels.field.amount }).fill(amount);
  return dialog;
}

export function rowOf(page: Page, description: string): Locator {
  return page.getByRole('row').filter({ hasText: description });
}

export async function sidewaysScroll(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
