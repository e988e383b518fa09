import { en, enterDemo, expect, newPerson, test } from './fixtures';

test('the demo has a fan, its figures as a table, and a method in words', async ({ page }) => {
  await enterDemo(page);
  await page.goto('/');
  await page.getByRole('link', { name: en.forecast.title, exact: true }).click();
  await expect(page.getByRole('img', { name: /eight months of ten/ })).toBeVisible();
  await expect(page.getByText(/it was off by/)).toBeVisible();
  await page.getByRole('button', { name: `${en.forecast.chart}: ${en.chart.showTable}` }).click();
  const table = page.getByRole('table', { name: en.forecast.chart });
  expect(await table.getByRole('row').count()).toBeGreaterThan(13);
});

test('a category has a forecast of its own, kept in the address', async ({ page }) => {
  await enterDemo(page);
  await page.goto('/forecast');
  const table = page.getByRole('table', { name: en.forecast.categories });
  await table.getByRole('button', { name: en.category['food-drinks'] }).click();
  await expect(page).toHaveURL(/category=food-drinks/);
  await expect(page.getByRole('heading', { name: en.category['food-drinks'] })).toBeVisible();
  await page.getByRole('button', { name: en.forecast.whole }).click();
  await expect(page.getByRole('heading', { name: en.forecast.chart })).toBeVisible();
});

test('too few months are said, and nothing is drawn', async ({ page }) => {
  await newPerson(page);
  await page.goto('/forecast');
  await expect(page.getByRole('heading', { name: en.forecast.emptyTitle })).toBeVisible();
  await expect(page.getByRole('main').getByRole('img', { name: /months/ })).toHaveCount(0);
});
