import { en, enterDemo, expect, fillExpense, he, rowOf, sidewaysScroll, test } from './fixtures';

test.describe('in Hebrew', () => {
  test.use({ locale: 'he-IL' });

  test('a whole visit reads from right to left', async ({ page }) => {
    await page.goto('/');
    await expect(page.locator('html')).toHaveAttribute('dir', 'rtl');
    await page.getByRole('button', { name: he.auth.demo }).click();
    await expect(page.getByRole('heading', { name: he.dashboard.categories })).toBeVisible();

    const brand = await page.getByRole('link', { name: he.nav.home }).boundingBox();
    const add = await page.getByRole('banner').getByRole('button', { name: he.add.open }).boundingBox();
    expect(brand?.x ?? 0).toBeGreaterThan(add?.x ?? 0);

    const dialog = await fillExpense(page, 'קפה בארומה', '18.90', he);
    await expect(dialog.getByRole('status', { name: he.suggest.label })).toBeVisible();
    await dialog.getByRole('button', { name: he.add.submit, exact: true }).click();
    await expect(dialog).toBeHidden();
    await page.getByRole('link', { name: he.transactions.title, exact: true }).click();
    await expect(rowOf(page, 'קפה בארומה').first()).toContainText('18.90');
    const row = rowOf(page, 'קפה בארומה').first();
    const text = await row.getByRole('cell').first().boundingBox();
    const amount = await row.getByRole('cell').nth(2).boundingBox();
    expect(text?.x ?? 0).toBeGreaterThan(amount?.x ?? 0);
    expect(await sidewaysScroll(page)).toBe(0);

    await page.getByRole('link', { name: he.settings.title, exact: true }).click();
    await expect(page.getByRole('heading', { name: he.settings.categories })).toBeVisible();
    await page.reload();
    await expect(page.locator('html')).toHaveAttribute('dir', 'rtl');
  });
});

test('the language is changed in the settings and stays', async ({ page }) => {
  await enterDemo(page);
  await page.goto('/settings');
  await page.getByRole('combobox', { name: en.settings.language }).click();
  await page.getByRole('option', { name: 'עברית' }).click();
  await page.getByRole('form', { name: en.settings.profile }).getByRole('button', { name: en.action.save }).click();

  await expect(page.locator('html')).toHaveAttribute('dir', 'rtl');
  await page.reload();
  await expect(page.getByRole('heading', { name: he.settings.title, level: 1 })).toBeVisible();
});

test('dark follows the system and can be switched', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.goto('/');
  await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', 'dark');
  await page.getByRole('button', { name: en.theme.toLight }).click();
  await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', 'light');
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', 'light');
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 360, height: 740 }, hasTouch: true });

  test('nothing scrolls sideways', async ({ page }) => {
    await page.goto('/');
    expect(await sidewaysScroll(page)).toBe(0);
    await page.getByRole('button', { name: en.auth.demo }).click();
    await expect(page.getByRole('heading', { name: en.dashboard.categories })).toBeVisible();
    await expect(page.getByRole('img', { name: /Money out and in/ })).toBeVisible();
    expect(await sidewaysScroll(page)).toBe(0);
    for (const name of [en.transactions.title, en.insights.title, en.forecast.title, en.settings.title]) {
      await page.getByRole('link', { name, exact: true }).click();
      await expect(page.getByRole('heading', { name, level: 1 })).toBeVisible();
      expect(await sidewaysScroll(page)).toBe(0);
    }
    const dialog = await fillExpense(page, 'Lunch', '54');
    await expect(dialog.getByRole('button', { name: en.add.submit, exact: true })).toBeVisible();
    expect(await sidewaysScroll(page)).toBe(0);
  });
});
