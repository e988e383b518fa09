import { en, enterDemo, expect, newPerson, record, rowOf, test } from './fixtures';

test('filters live in the address and narrow list and totals', async ({ page }) => {
  await newPerson(page);
  await record(page, { description: 'Coffee at Aroma', amount: '-18.90', category_id: 'food-drinks' });
  await record(page, { description: 'Bus to work', amount: '-8.00', category_id: 'transportation' });
  await record(page, { description: 'Salary', amount: '9000.00', category_id: 'income' });
  await page.goto('/transactions');
  await expect(page.getByLabel(en.transactions.totals)).toContainText('3');

  await page.getByRole('searchbox', { name: en.filter.search }).fill('aroma');
  await expect(page).toHaveURL(/q=aroma/);
  await expect(rowOf(page, 'Bus to work')).toHaveCount(0);
  await expect(page.getByLabel(en.transactions.totals)).toContainText('18.90');

  await page.goto('/transactions?type=income');
  await expect(rowOf(page, 'Salary')).toBeVisible();
  await expect(rowOf(page, 'Coffee at Aroma')).toHaveCount(0);

  await page.goto('/transactions?category=transportation');
  await expect(rowOf(page, 'Bus to work')).toBeVisible();
  await expect(rowOf(page, 'Salary')).toHaveCount(0);
  await page.getByRole('button', { name: en.filter.clear, exact: true }).click();
  await expect(rowOf(page, 'Salary')).toBeVisible();
});

test('a long list is loaded page by page while scrolling', async ({ page }) => {
  await enterDemo(page);
  await page.goto('/transactions');
  await expect(page.getByRole('row').first()).toBeVisible();
  const total = Number(await page.getByRole('table', { name: en.transactions.title }).getAttribute('aria-rowcount'));
  expect(total).toBeGreaterThan(100);

  const second = page.waitForResponse((answer) => answer.url().includes('cursor='));
  await expect(async () => {
    await page.mouse.wheel(0, 4000);
    expect(await page.evaluate(() => window.scrollY)).toBeGreaterThan(2000);
  }).toPass();
  await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
  expect((await second).ok()).toBe(true);

  const drawn = await page.getByRole('row').count();
  expect(drawn).toBeLessThan(100);
});

test('a category bar of the dashboard leads to its rows', async ({ page }) => {
  await newPerson(page);
  await record(page, { description: 'Rent', amount: '-4200.00', category_id: 'housing-bills' });
  await record(page, { description: 'Coffee', amount: '-12.00', category_id: 'food-drinks' });
  await page.goto('/');
  await page.getByRole('link', { name: /Housing & bills/ }).first().click();

  await expect(page).toHaveURL(/\/transactions\?.*category=housing-bills/);
  await expect(rowOf(page, 'Rent')).toBeVisible();
  await expect(rowOf(page, 'Coffee')).toHaveCount(0);
});

test('a corrected category is learned for the next time', async ({ page }) => {
  await newPerson(page);
  await record(page, { description: 'Zuzu corner', amount: '-30.00', category_id: 'other' });
  await page.goto('/transactions');
  await rowOf(page, 'Zuzu corner').getByRole('button', { name: /Category of Zuzu corner/ }).click();
  await page.getByRole('option', { name: en.category['leisure-gifts'] }).click();

  await expect(page.getByText(/Zuzu corner is now Leisure & gifts/)).toBeVisible();
  await expect(rowOf(page, 'Zuzu corner')).toContainText(en.category['leisure-gifts']);
  await page.keyboard.press('n');
  const dialog = page.getByRole('dialog', { name: en.add.title });
  await dialog.getByRole('textbox', { name: en.field.description }).fill('Zuzu corner');
  await expect(dialog.getByRole('status', { name: en.suggest.label })).toContainText(en.category['leisure-gifts']);
});

test('a deleted row comes back with undo, from the toast and from the keyboard', async ({ page }) => {
  await newPerson(page);
  await record(page, { description: 'Coffee', amount: '-12.00' });
  await page.goto('/transactions');
  const remove = async () => {
    await rowOf(page, 'Coffee').getByRole('button', { name: /Actions for Coffee/ }).click();
    await page.getByRole('menuitem', { name: en.action.delete }).click();
    await expect(page.getByText('Deleted Coffee').last()).toBeVisible();
    await expect(rowOf(page, 'Coffee')).toHaveCount(0);
  };

  await remove();
  await page.getByRole('button', { name: en.action.undo }).last().click();
  await expect(rowOf(page, 'Coffee')).toBeVisible();

  await remove();
  await page.keyboard.press('Control+KeyZ');
  await expect(rowOf(page, 'Coffee')).toBeVisible();
});

test('a row is edited in the side panel', async ({ page }) => {
  await newPerson(page);
  await record(page, { description: 'Cofee', amount: '-12.00', category_id: 'food-drinks' });
  await page.goto('/transactions');
  await page.getByRole('button', { name: 'Cofee', exact: true }).click();
  const panel = page.getByRole('dialog', { name: en.edit.title });
  await panel.getByRole('textbox', { name: en.field.description }).fill('Coffee');
  await panel.getByRole('textbox', { name: en.field.amount }).fill('13.50');
  await panel.getByRole('button', { name: en.action.save }).click();

  await expect(panel).toBeHidden();
  await expect(rowOf(page, 'Coffee')).toContainText('13.50');
});

test('a month of the comparison becomes the period', async ({ page }) => {
  await enterDemo(page);
  await page.goto('/');
  await page.getByRole('button', { name: `${en.dashboard.months}: ${en.chart.showTable}` }).click();
  const table = page.getByRole('table', { name: en.dashboard.months });
  expect(await table.getByRole('row').count()).toBeGreaterThan(12);
  await table.getByRole('link').first().click();

  await expect(page).toHaveURL(/from=\d{4}-\d{2}&to=\d{4}-\d{2}/);
});
