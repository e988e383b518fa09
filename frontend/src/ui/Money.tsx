import { useLocale } from '@/lib/i18n';
import { asOut, formatMoney, type MoneyStyle } from '@/lib/money';

type Props = { amount: string; currency: string; variant?: MoneyStyle; className?: string };

/** An amount in tabular figures, isolated from the direction of the text around it. */
export function Money({ amount, currency, variant = 'full', className }: Props) {
  const { locale } = useLocale();
  return <bdi className={className ? `money ${className}` : 'money'}>{formatMoney(amount, currency, locale, variant)}</bdi>;
}

/** Money that went out, always with its minus. */
export function MoneyOut({ amount, ...rest }: Props) {
  return <Money amount={asOut(amount)} {...rest} />;
}
