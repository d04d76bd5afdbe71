/**
 * Whole years from a birth date to a day, both `YYYY-MM-DD`. Of a birth date that is only a year or a month, the age that is certain: that of
 * somebody born on its last day. Undefined for a day before birth.
 */
export function ageYears(birthDate: string, day: string): number | undefined {
  const [year = '', month = '12', date = '31'] = birthDate.split('-');
  const [thisYear = '', thisMonth = '', thisDate = ''] = day.split('-');
  const had = `${thisMonth}-${thisDate}` >= `${month}-${date}`;
  const years = Number(thisYear) - Number(year) - (had ? 0 : 1);
  return Number.isInteger(years) && years >= 0 ? years : undefined;
}
