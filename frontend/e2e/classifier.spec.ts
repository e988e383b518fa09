import { en, expect, newPerson, record, rowOf, test } from './fixtures';

test('versions are listed, and the one that serves is marked', async ({ page }) => {
  await newPerson(page);
  await page.goto('/settings');
  await page.getByRole('link', { name: en.classifier.more }).click();
  await expect(page).toHaveURL(/\/settings\/classifier$/);
  const versions = page.getByRole('list', { name: en.classifier.history });
  await expect(versions.getByText(en.classifier.serving, { exact: true })).toHaveCount(1);
  await expect(versions.getByText(en.classifier.builtin)).not.toHaveCount(0);
});

test('a correction is listed and can be forgotten', async ({ page }) => {
  await newPerson(page);
  await record(page, { description: 'Zuzu corner', amount: '-30.00', category_id: 'other' });
  await page.goto('/transactions');
  await rowOf(page, 'Zuzu corner').getByRole('button', { name: /Category of Zuzu corner/ }).click();
  await page.getByRole('option', { name: en.category['leisure-gifts'] }).click();
  await expect(page.getByText(/Zuzu corner is now/)).toBeVisible();

  await page.goto('/settings/classifier');
  const corrections = page.getByRole('list', { name: en.classifier.corrections });
  await expect(corrections.getByRole('listitem').filter({ hasText: /zuzu corner/i })).toContainText(
    en.category['leisure-gifts'],
  );
  await corrections.getByRole('button', { name: /Forget zuzu corner/i }).click();
  await expect(page.getByText(en.classifier.noCorrections)).toBeVisible();
});

test('sharing is a choice, except in a household, where it is said', async ({ page }) => {
  await newPerson(page);
  await page.goto('/settings/classifier');
  await expect(page.getByRole('heading', { name: en.classifier.sharing })).toBeVisible();
  const choice = page.getByRole('switch', { name: en.classifier.share });
  const household = page.getByText(en.classifier.household);
  await expect(choice.or(household)).toBeVisible();
  if (await household.isVisible()) return;
  const before = await choice.isChecked();
  await choice.click();
  await expect(choice).toBeChecked({ checked: !before });
  await page.reload();
  await expect(choice).toBeChecked({ checked: !before });
});
