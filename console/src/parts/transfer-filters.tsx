import DateInput from "@cloudscape-design/components/date-input";
import FormField from "@cloudscape-design/components/form-field";
import Grid from "@cloudscape-design/components/grid";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import { connectorChoices } from "../api/connectors";
import { DIRECTIONS, type FilterName, type Filters, STATES } from "../model/filters";
import { useWords, type Word } from "../words";
import { useLoad } from "./use-load";

interface TransferFiltersProps {
  filters: Filters;
  onChange(filters: Filters): void;
}

const STATE_WORDS: Record<(typeof STATES)[number], Word> = {
  QUEUED: "state.queued",
  IN_PROGRESS: "state.running",
  COMPLETED: "state.completed",
  FAILED: "state.failed",
};

const WIDTHS = [{ m: 2 }, { m: 2 }, { m: 2 }, { m: 2 }, { m: 2 }, { m: 2 }].map(({ m }) => ({ colspan: { default: 6, s: 4, m } }));

/** The same filters that stand in the page's address. */
export function TransferFilters({ filters, onChange }: TransferFiltersProps) {
  const { t } = useWords();
  const connectors = useLoad(connectorChoices, []);
  const set = (name: FilterName, value: string | undefined) => onChange({ ...filters, [name]: value || undefined });
  const choose = (name: FilterName, label: Word, options: { value: string; label?: string; description?: string }[]) => {
    const all = [{ value: "", label: t("filter.all") }, ...options];
    return (
      <FormField label={t(label)}>
        <Select
          options={all}
          selectedOption={all.find((option) => option.value === (filters[name] ?? "")) ?? { value: filters[name] ?? "" }}
          onChange={({ detail }) => set(name, detail.selectedOption.value)}
          filteringType={options.length > 8 ? "auto" : "none"}
        />
      </FormField>
    );
  };
  const day = (name: FilterName, label: Word) => (
    <FormField label={t(label)}>
      <DateInput value={filters[name]?.slice(0, 10) ?? ""} onChange={({ detail }) => set(name, wholeDay(detail.value))} placeholder="YYYY/MM/DD" />
    </FormField>
  );
  return (
    <Grid gridDefinition={WIDTHS}>
      {choose("State", "column.state", STATES.map((value) => ({ value, label: t(STATE_WORDS[value]) })))}
      {choose("Direction", "column.direction", DIRECTIONS.map((value) => ({ value, label: t(`direction.${value}`) })))}
      {choose("ConnectorId", "column.connector", (connectors.value ?? []).map(({ value, about }) => ({ value, label: value, description: about })))}
      <FormField label={t("filter.path")}>
        <Input type="search" value={filters.PathContains ?? ""} onChange={({ detail }) => set("PathContains", detail.value)} />
      </FormField>
      {day("Since", "filter.since")}
      {day("Until", "filter.until")}
    </Grid>
  );
}

/** While somebody still types, there is no day yet. */
function wholeDay(text: string): string | undefined {
  return /^\d{4}-\d\d-\d\d$/.test(text) ? text : undefined;
}
