import type { Page } from '@playwright/test';
import { en, enterDemo, expect, fillExpense, newPerson, record, test, today } from './fixtures';

function daysAgo(count: number): string {
  const day = new Date(`${today()}T00:00:00Z`);
  day.setUTCDate(day.getUTCDate() - count);
  return day.toISOString().slice(0, 10);
}

/** Payments that differ a little, long enough ago to be no duplicate of anything. */
async function habit(page: Page) {
  for (const [place, amount] of ['-18.00', '-19.00', '-18.50', '-17.90', '-18.20', '-18.70'].entries()) {
    const date = daysAgo(70 - place * 9);
    await record(page, { description: 'Coffee at Aroma', amount, date, category_id: 'food-drinks' });
  }
}

test('an unusual amount is told in the moment of entry', async ({ page }) => {
  await newPerson(page);
  await habit(page);
  await page.goto('/');
  const dialog = await fillExpense(page, 'Coffee at Aroma', '640');
  await dialog.getByRole('button', { name: en.add.submit, exact: true }).click();

  const told = page.getByRole('alert').filter({ hasText: 'Coffee at Aroma' });
  await expect(told).toContainText('640.00');
  await expect(told).toContainText('is usual');
});

test('an unusual payment is listed with its reason, silenced, and told of again', async ({ page }) => {
  await newPerson(page);
  await habit(page);
  await record(page, { description: 'Coffee at Aroma', amount: '-640.00', category_id: 'food-drinks' });
  await page.goto('/insights');
  const list = page.getByRole('list', { name: en.insights.unusual });
  const row = list.getByRole('listitem').filter({ hasText: en.anomaly.kind.amount });
  await expect(row).toContainText('640.00');
  await row.getByRole('button', { name: /This is fine/ }).click();
  await expect(row).toHaveCount(0);

  const silenced = page.getByRole('list', { name: en.insights.silencedTitle });
  await silenced.getByRole('button', { name: /Tell me again: Unusual amount/ }).click();
  await expect(row).toBeVisible();
  // The toasts so far offer to undo as well.
  await page.reload();
  await row.getByRole('button', { name: /This is fine/ }).click();
  await expect(row).toHaveCount(0);
  await page.getByRole('button', { name: en.action.undo }).click();
  await expect(row).toBeVisible();
});

test('recurring items and health of the demo are shown', async ({ page }) => {
  await enterDemo(page);
  await page.goto('/');
  await page.getByRole('link', { name: en.insights.title, exact: true }).click();
  const recurring = page.getByRole('table', { name: en.insights.recurring });
  await expect(recurring.getByRole('row').nth(1)).toContainText(en.insights.cadence.monthly);
  await expect(page.getByText(/^\d+ of 100$/)).toBeVisible();
  await expect(page.getByRole('list', { name: en.health.title }).getByRole('listitem')).not.toHaveCount(0);
});

test('with too little data there is no score and no invented figure', async ({ page }) => {
  await newPerson(page);
  await page.goto('/insights');
  await expect(page.getByText(en.health.none)).toBeVisible();
  await expect(page.getByText(en.insights.nothing)).toBeVisible();
  await expect(page.getByText(en.insights.noneRecurring)).toBeVisible();
});
