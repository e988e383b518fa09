import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { en, enterDemo, expect, fillExpense, he, test } from './fixtures';

async function seriousFindings(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target.join(' ')} (${node.failureSummary})`).join('\n')}`);
}

for (const colorScheme of ['light', 'dark'] as const) {
  for (const [language, texts] of [
    ['en', en],
    ['he', he],
  ] as const) {
    test.describe(`${colorScheme}, ${language}`, () => {
      test.use({ colorScheme, locale: language === 'he' ? 'he-IL' : 'en-US' });

      test('no screen has a serious finding', async ({ page }) => {
        await page.goto('/');
        await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
        expect.soft(await seriousFindings(page), 'sign in').toEqual([]);
        await page.getByRole('button', { name: texts.auth.toSignUp }).click();
        expect.soft(await seriousFindings(page), 'sign up').toEqual([]);

        await enterDemo(page, language);
        await page.goto('/');
        await expect(page.getByRole('heading', { name: texts.dashboard.months })).toBeVisible();
        await expect(page.getByRole('img')).not.toHaveCount(0);
        expect.soft(await seriousFindings(page), 'dashboard').toEqual([]);
        await page.getByRole('button', { name: `${texts.dashboard.months}: ${texts.chart.showTable}` }).click();
        expect.soft(await seriousFindings(page), 'a chart as a table').toEqual([]);

        await page.goto('/transactions');
        await expect(page.getByRole('row').first()).toBeVisible();
        expect.soft(await seriousFindings(page), 'transactions').toEqual([]);
        await page.getByRole('row').getByRole('cell').first().getByRole('button').click();
        await expect(page.getByRole('form', { name: texts.edit.title })).toBeVisible();
        expect.soft(await seriousFindings(page), 'side panel').toEqual([]);

        await page.goto('/transactions');
        await fillExpense(page, 'Coffee', '12', texts);
        await expect(page.getByRole('status', { name: texts.suggest.label })).toBeVisible();
        expect.soft(await seriousFindings(page), 'add').toEqual([]);

        await page.goto('/review');
        await expect(page.getByRole('heading', { name: texts.review.title, level: 1 })).toBeVisible();
        await expect(page.getByText(texts.review.fits).or(page.getByText(texts.review.done))).toBeVisible();
        expect.soft(await seriousFindings(page), 'review').toEqual([]);
        await page.goto('/insights');
        await expect(page.getByRole('table', { name: texts.insights.recurring })).toBeVisible();
        await expect(page.getByText(texts.health.scoreLabel, { exact: true })).toBeVisible();
        expect.soft(await seriousFindings(page), 'insights').toEqual([]);
        await page.goto('/forecast');
        await expect(page.getByRole('table', { name: texts.forecast.categories })).toBeVisible();
        expect.soft(await seriousFindings(page), 'forecast').toEqual([]);
        await page.goto('/settings/classifier');
        await expect(page.getByRole('list', { name: texts.classifier.history }).getByRole('listitem').first()).toBeVisible();
        expect.soft(await seriousFindings(page), 'classifier').toEqual([]);

        await page.goto('/settings');
        await expect(page.getByRole('heading', { name: texts.settings.sessions })).toBeVisible();
        await expect(page.getByText(texts.settings.thisSession, { exact: true })).toBeVisible();
        expect.soft(await seriousFindings(page), 'settings').toEqual([]);
      });
    });
  }
}
