import { en, expect, fillExpense, he, newEmail, newPerson, password, rowOf, test } from './fixtures';

test('a new person signs up and adds the first expense', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('button', { name: en.auth.toSignUp }).click();
  await page.getByRole('textbox', { name: en.field.name }).fill('Dana');
  await page.getByRole('textbox', { name: en.field.email }).fill(newEmail());
  await page.getByLabel(en.field.password, { exact: true }).fill(password);
  await page.getByRole('button', { name: en.auth.signUp }).click();

  await expect(page.getByRole('heading', { name: en.dashboard.emptyTitle })).toBeVisible();
  await page.getByRole('main').getByRole('button', { name: en.add.first }).click();
  const dialog = page.getByRole('dialog', { name: en.add.title });
  await dialog.getByRole('textbox', { name: en.field.description }).fill('Coffee at Aroma');
  await dialog.getByRole('textbox', { name: en.field.amount }).fill('18.90');
  await expect(dialog.getByRole('status', { name: en.suggest.label })).toBeVisible();
  await dialog.getByRole('button', { name: en.add.submit, exact: true }).click();

  await expect(page.getByText('Added Coffee at Aroma')).toBeVisible();
  await expect(page.getByRole('link', { name: new RegExp(en.money.out) })).toContainText('18.90');
  await page.getByRole('link', { name: en.transactions.title, exact: true }).click();
  await expect(rowOf(page, 'Coffee at Aroma')).toContainText('18.90');
});

test('a wrong password is said, and says no more than that', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('textbox', { name: en.field.email }).fill('nobody@example.org');
  await page.getByLabel(en.field.password, { exact: true }).fill('not-the-password');
  await page.getByRole('button', { name: en.auth.signIn, exact: true }).click();

  await expect(page.getByRole('alert')).toContainText(en.problem.bad_credentials);
});

test('the demo is one click away, shows figures and can be kept', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('button', { name: en.auth.demo }).click();

  await expect(page.getByRole('heading', { name: en.dashboard.categories })).toBeVisible();
  await expect(page.getByRole('link', { name: new RegExp(en.money.out) })).toContainText(/[1-9]/);
  await expect(page.getByRole('img', { name: /Money out and in/ })).toBeVisible();

  await page.getByRole('button', { name: en.demo.keep }).click();
  const dialog = page.getByRole('dialog', { name: en.demo.keepTitle });
  await dialog.getByRole('textbox', { name: en.field.email }).fill(newEmail());
  await dialog.getByLabel(en.field.password, { exact: true }).fill(password);
  await dialog.getByRole('button', { name: en.demo.keep }).click();

  await expect(page.getByText(en.demo.kept)).toBeVisible();
  await expect(page.getByRole('complementary', { name: en.demo.label })).toBeHidden();
});

test('signing out leads back to the sign-in card', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('button', { name: en.auth.demo }).click();
  await page.getByRole('button', { name: en.nav.account }).click();
  await page.getByRole('menuitem', { name: en.auth.logout }).click();

  await expect(page.getByRole('heading', { name: en.auth.signInTitle })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('heading', { name: en.auth.signInTitle })).toBeVisible();
});

test('an amount that is none is refused at its field', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('button', { name: en.auth.demo }).click();
  const dialog = await fillExpense(page, 'Something', 'twelve');
  await dialog.getByRole('button', { name: en.add.submit, exact: true }).click();

  await expect(dialog.getByText(en.amount.malformed)).toBeVisible();
});

test('signing in again brings the settings as they are now', async ({ page }) => {
  const email = await newPerson(page);
  await page.goto('/settings');
  await page.getByRole('combobox', { name: en.settings.language }).click();
  await page.getByRole('option', { name: 'עברית' }).click();
  await page.getByRole('form', { name: en.settings.profile }).getByRole('button', { name: en.action.save }).click();
  await expect(page.locator('html')).toHaveAttribute('dir', 'rtl');
  await page.getByRole('button', { name: he.nav.account }).click();
  await page.getByRole('menuitem', { name: he.auth.logout }).click();

  await page.getByRole('textbox', { name: he.field.email }).fill(email);
  await page.getByLabel(he.field.password, { exact: true }).fill(password);
  await page.getByRole('button', { name: he.auth.signIn, exact: true }).click();

  await expect(page.getByRole('heading', { name: he.settings.title, level: 1 })).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('dir', 'rtl');
});

test('a new password leaves this browser signed in', async ({ page }) => {
  await newPerson(page);
  await page.goto('/settings');
  const form = page.getByRole('form', { name: en.settings.password });
  await form.getByLabel(en.settings.currentPassword).fill(password);
  await form.getByLabel(en.settings.newPassword).fill(`${password}-renewed`);
  await form.getByRole('button', { name: en.settings.changePassword }).click();
  await expect(page.getByText(en.settings.passwordChanged)).toBeVisible();

  // Whatever the stream of the old session says has been said within two seconds.
  await page.waitForResponse((response) => response.url().includes('/api/v1/session') && response.ok());
  await expect(page.getByRole('heading', { name: en.auth.againTitle })).toHaveCount(0);
  await page.getByRole('link', { name: en.transactions.title, exact: true }).click();
  await expect(page.getByRole('heading', { name: en.transactions.title, level: 1 })).toBeVisible();
});
