import { en, expect, newPerson, record, rowOf, test, today } from './fixtures';

/** Words that no model knows, so that their rows are unsure. */
const unsure = ['Zqxv wprt', 'Qzzk vbnm', 'Xwvq jkpt'];

test('unsure rows are settled one after another, by click and by key', async ({ page }) => {
  await newPerson(page);
  for (const description of unsure) await record(page, { description, amount: '-31.00' });
  await page.goto('/');
  await page.getByRole('link', { name: new RegExp(`^${en.dashboard.review}`) }).click();
  await expect(page.getByRole('heading', { name: en.review.title, level: 1 })).toBeVisible();
  await expect(page.getByText('3 left')).toBeVisible();

  const card = page.getByRole('region').filter({ hasText: en.review.fits });
  const first = await card.getByRole('heading').innerText();
  await card.getByRole('button', { name: /% sure/ }).first().click();
  await expect(page.getByText('2 left')).toBeVisible();
  await expect(card.getByRole('heading')).not.toHaveText(first);
  await expect(card.getByRole('button', { name: /% sure/ }).first()).toBeVisible();
  await page.keyboard.press('1');
  await expect(page.getByText('1 left')).toBeVisible();
  await page.keyboard.press('c');
  await page.getByRole('option', { name: en.category['leisure-gifts'] }).click();

  await expect(page.getByRole('heading', { name: en.review.done })).toBeVisible();
});

test('a settled row comes back with undo', async ({ page }) => {
  await newPerson(page);
  await record(page, { description: unsure[0] ?? '', amount: '-31.00' });
  await page.goto('/review');
  await page.getByRole('button', { name: /% sure/ }).first().click();
  await expect(page.getByRole('heading', { name: en.review.done })).toBeVisible();
  await page.getByRole('button', { name: en.action.undo }).last().click();

  await expect(page.getByRole('heading', { name: unsure[0] })).toBeVisible();
});

test('a change of category is offered to similar rows, as one step', async ({ page }) => {
  await newPerson(page);
  for (const amount of ['-10.00', '-11.00', '-12.00', '-13.00']) {
    await record(page, { description: 'Zuzu corner', amount, category_id: 'other' });
  }
  await page.goto('/transactions');
  await rowOf(page, '13.00').getByRole('button', { name: /Category of Zuzu corner/ }).click();
  await page.getByRole('option', { name: en.category['leisure-gifts'] }).click();
  await page.getByRole('button', { name: 'Apply to 3 similar' }).click();

  const dialog = page.getByRole('dialog', { name: en.similar.title });
  await expect(dialog.getByRole('checkbox', { checked: true })).toHaveCount(4);
  await dialog.getByRole('checkbox', { name: /10\.00/ }).uncheck();
  await dialog.getByRole('button', { name: 'Change 2 transactions' }).click();
  await expect(dialog).toBeHidden();
  await expect(rowOf(page, 'Zuzu corner').filter({ hasText: en.category['leisure-gifts'] })).toHaveCount(3);
  await expect(rowOf(page, '10.00')).toContainText(en.category.other);

  await page.getByRole('button', { name: en.action.undo }).last().click();
  await expect(rowOf(page, 'Zuzu corner').filter({ hasText: en.category['leisure-gifts'] })).toHaveCount(1);
});

test('an inbox that fails says so and tries again', async ({ page }) => {
  await newPerson(page);
  await record(page, { description: unsure[0] ?? '', amount: '-31.00', date: today() });
  await page.route(/review=true/, (route) => route.fulfill({ status: 500, json: { code: 'internal', detail: 'no' } }));
  await page.goto('/review');
  await expect(page.getByRole('alert')).toBeVisible();
  await page.unroute(/review=true/);
  await page.getByRole('button', { name: en.action.retry }).click();

  await expect(page.getByRole('heading', { name: unsure[0] })).toBeVisible();
});
