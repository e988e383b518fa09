import { useTranslation } from 'react-i18next';
import type { TransactionList } from '@/api/types';
import { useLocale } from '@/lib/i18n';
import { formatCount, isZero } from '@/lib/money';
import { Money, MoneyOut } from '@/ui/Money';
import { UnconvertedNote } from '@/ui/RatesNote';

/** What the whole filter adds up to, not only the rows on the screen. */
export function Totals({ totals }: { totals: TransactionList['totals'] }) {
  const { t } = useTranslation();
  const { locale } = useLocale();
  return (
    <div className="totals-block">
      <dl className="totals" aria-label={t('transactions.totals')}>
        <div>
          <dt>{t('transactions.count')}</dt>
          <dd>{formatCount(totals.count, locale)}</dd>
        </div>
        <div>
          <dt>{t('money.out')}</dt>
          <dd>{isZero(totals.out) ? <Money amount={totals.out} currency={totals.currency} /> : <MoneyOut amount={totals.out} currency={totals.currency} />}</dd>
        </div>
        <div>
          <dt>{t('money.in')}</dt>
          <dd>
            <Money amount={totals.in} currency={totals.currency} className="money-in" variant="signed" />
          </dd>
        </div>
      </dl>
      <UnconvertedNote unconverted={totals.unconverted ?? []} />
    </div>
  );
}
