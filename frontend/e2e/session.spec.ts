import { en, expect, fillExpense, login, newPerson, password, test } from './fixtures';

test('four quiet minutes bring a warning that "stay" answers', async ({ page }) => {
  await newPerson(page);
  await page.clock.install();
  await page.goto('/');
  await expect(page.getByRole('heading', { name: en.dashboard.emptyTitle })).toBeVisible();
  await page.clock.fastForward(230_000);
  await expect(page.getByRole('dialog', { name: en.session.warningTitle })).toBeHidden();

  await page.clock.fastForward(12_000);
  const dialog = page.getByRole('dialog', { name: en.session.warningTitle });
  await expect(dialog).toBeVisible();
  await expect(dialog.getByRole('timer')).toContainText(/0:[45]\d/);
  await page.clock.fastForward(20_000);
  await expect(dialog.getByRole('timer')).toContainText(/0:[23]\d/);

  const beat = page.waitForRequest((request) => request.url().endsWith('/session/heartbeat'));
  await dialog.getByRole('button', { name: en.session.stay }).click();
  expect((await beat).postDataJSON()).toEqual({ active: true });
  await expect(dialog).toBeHidden();
  await page.clock.fastForward(200_000);
  await expect(dialog).toBeHidden();
});

test('an expired session asks again over the page, and unsaved text survives', async ({ page }) => {
  await newPerson(page);
  await page.clock.install();
  await page.goto('/transactions');
  const form = await fillExpense(page, 'A long thought', '77.70');
  await page.clock.fastForward(245_000);
  await expect(page.getByRole('dialog', { name: en.session.warningTitle })).toBeVisible();
  await page.clock.fastForward(60_000);

  const card = page.getByRole('dialog', { name: en.auth.againTitle });
  await expect(card).toBeVisible();
  await expect(card).toContainText(en.session.ended.inactive);
  expect((await page.request.get('/api/v1/me')).status()).toBe(401);
  await page.keyboard.press('Escape');
  await expect(card).toBeVisible();

  await card.getByLabel(en.field.password, { exact: true }).fill(password);
  await card.getByRole('button', { name: en.auth.signIn, exact: true }).click();
  await expect(card).toBeHidden();
  await expect(form.getByRole('textbox', { name: en.field.description })).toHaveValue('A long thought');
  await form.getByRole('button', { name: en.add.submit, exact: true }).click();
  await expect(page.getByRole('row').filter({ hasText: 'A long thought' })).toBeVisible();
});

test('a session ended elsewhere is noticed', async ({ page, browser, baseURL }) => {
  const email = await newPerson(page);
  await page.goto('/settings');
  await expect(page.getByText(en.settings.thisSession, { exact: true })).toBeVisible();
  const elsewhere = await browser.newContext({ baseURL, locale: 'en-US' });
  const other = await elsewhere.newPage();
  await login(other, email);
  await other.goto('/settings');
  await other.getByRole('button', { name: en.settings.endOthers }).click();
  await expect(other.getByRole('button', { name: en.settings.endOthers })).toBeHidden();

  await expect(page.getByRole('dialog', { name: en.auth.againTitle })).toBeVisible({ timeout: 35_000 });
  await elsewhere.close();
});
