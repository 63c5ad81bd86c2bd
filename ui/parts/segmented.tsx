/** A few choices of which one holds, as a row of buttons. */
export function Segmented<T extends string>(props: {
  readonly label: string;
  readonly value: T;
  readonly choices: readonly { readonly id: T; readonly label: string }[];
  readonly onChoose: (id: T) => void;
}) {
  return (
    <div class="segmented" role="group" aria-label={props.label}>
      {props.choices.map(({ id, label }) => (
        <button key={id} type="button" aria-pressed={id === props.value} onClick={() => props.onChoose(id)}>
          {label}
        </button>
      ))}
    </div>
  );
}
