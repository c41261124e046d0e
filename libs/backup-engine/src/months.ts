/** The same day and time `months` months before `date` in UTC, or the last day of that month where it is shorter. */
export function subtractMonths(date: Date, months: number): Date {
  const result = new Date(date);
  result.setUTCMonth(result.getUTCMonth() - months);
  const overflowed = result.getUTCDate() !== date.getUTCDate();
  if (overflowed) result.setUTCDate(0);
  return result;
}
