/** Methods of forecasting in words. A server may know one that this page does not. */
const keys = {
  median_6: 'forecast.method.median_6',
  median_12: 'forecast.method.median_12',
  winsorised_smoothing: 'forecast.method.winsorised_smoothing',
  seasonal_naive: 'forecast.method.seasonal_naive',
  last_month: 'forecast.method.last_month',
  ridge: 'forecast.method.ridge',
} as const;

function isKnown(method: string): method is keyof typeof keys {
  return Object.hasOwn(keys, method);
}

export function methodKey(method: string) {
  return isKnown(method) ? keys[method] : ('forecast.method.other' as const);
}
