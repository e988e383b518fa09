import { en, expect, fillExpense, login, newPerson, rowOf, test } from './fixtures';

test('a change in one tab appears in the other without a reload', async ({ page, context }) => {
  await newPerson(page);
  const second = await context.newPage();
  await page.goto('/transactions');
  await second.goto('/transactions');
  await expect(second.getByRole('heading', { name: en.transactions.empty })).toBeVisible();

  const dialog = await fillExpense(page, 'Seen in both', '21.00');
  await dialog.getByRole('button', { name: en.add.submit, exact: true }).click();

  await expect(rowOf(second, 'Seen in both')).toBeVisible();
  await expect(rowOf(page, 'Seen in both')).toBeVisible();
});

test('a change on another device appears as well', async ({ page, browser, baseURL }) => {
  const email = await newPerson(page);
  const device = await browser.newContext({ baseURL, locale: 'en-US' });
  const there = await device.newPage();
  await login(there, email);
  await there.goto('/');
  await expect(there.getByRole('heading', { name: en.dashboard.emptyTitle })).toBeVisible();
  await page.goto('/');

  const dialog = await fillExpense(page, 'From afar', '34.00');
  await dialog.getByRole('button', { name: en.add.submit, exact: true }).click();

  await expect(there.getByRole('link', { name: /From afar/ })).toBeVisible();
  await device.close();
});

test('when the leading tab is closed the other one follows on', async ({ page, context }) => {
  await newPerson(page);
  const second = await context.newPage();
  const third = await context.newPage();
  for (const tab of [page, second, third]) {
    await tab.goto('/transactions');
    await expect(tab.getByRole('heading', { name: en.transactions.empty })).toBeVisible();
  }
  await page.close();

  const dialog = await fillExpense(second, 'After the change of leader', '5.00');
  await dialog.getByRole('button', { name: en.add.submit, exact: true }).click();

  await expect(rowOf(third, 'After the change of leader')).toBeVisible();
});
