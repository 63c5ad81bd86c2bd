import { serviceColor } from '../shell/colors.ts';
import { format } from '../words/words.ts';

/** A service's name behind its colour. */
export function Service({ name }: { readonly name: string }) {
  return (
    <span class="service" title={name}>
      <ServiceDot name={name} />
      <span class="clip">{name}</span>
    </span>
  );
}

export function ServiceDot({ name }: { readonly name: string }) {
  return <i class="service-dot" style={{ background: serviceColor(name) }} />;
}

/** How many spans each service has, the most first: the first `named` with their names, up to `most` as coloured counts. */
export function ServiceCounts(props: {
  readonly services: readonly { readonly name: string; readonly spans: number }[];
  readonly named: number;
  readonly most: number;
  readonly rest: (n: number) => string;
}) {
  const sorted = props.services.toSorted((a, b) => b.spans - a.spans);
  const hidden = sorted.slice(props.most);
  return (
    <span class="service-counts">
      {sorted.slice(0, props.most).map(({ name, spans }, i) => (
        <span key={name} class={i < props.named ? 'service-count named' : 'service-count'} title={`${name}: ${spans}`}>
          <ServiceDot name={name} />
          {i < props.named ? <span class="clip">{name}</span> : <span class="unseen">{name}</span>}
          <span class="num quiet">{format().short(spans)}</span>
        </span>
      ))}
      {hidden.length > 0 && (
        <span class="quiet num" title={hidden.map(({ name, spans }) => `${name}: ${spans}`).join('\n')}>
          {props.rest(hidden.length)}
        </span>
      )}
    </span>
  );
}
