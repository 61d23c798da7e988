using System.Net;
using BackupSidecar.Commands;
using BackupSidecar.Stores;
using Microsoft.Extensions.Logging;

namespace BackupSidecar.Http;

/// <summary>
/// What can be asked over HTTP. Everything is read from what runs leave on the disk and in the stores; nothing can be changed, so there is nobody
/// to be told from anybody else.
/// </summary>
/// <param name="current">The program by the settings that hold now.</param>
internal sealed class Endpoints(Func<Composition> current)
{
    private Pages? _pages;

    public async Task<HttpAnswer> AnswerAsync(HttpQuestion question, CancellationToken cancellation)
    {
        try
        {
            var pages = PagesOf(current());
            return question.Path switch
            {
                "/healthz" => new HttpAnswer(HttpStatusCode.OK, "ok"),
                "/readyz" => await pages.Readiness.AskAsync(cancellation),
                "/metadata" => await pages.Metadata.AnswerAsync(question, cancellation),
                "/metrics" => new HttpAnswer(HttpStatusCode.OK, await pages.Metrics.RenderAsync(cancellation), PrometheusText.ContentType),
                "/status" => new HttpAnswer(HttpStatusCode.OK, await pages.Status.RenderAsync(cancellation), "application/json"),
                _ => new HttpAnswer(HttpStatusCode.NotFound, "Here are /healthz, /readyz, /metrics, /status and /metadata?object=NAME.\n"),
            };
        }
        catch (Exception failure) when (failure is StoreException or IOException or UnauthorizedAccessException)
        {
            current().Log.LogWarning("{Path} cannot be answered: {Problem}", question.Path, failure.Message);
            return new HttpAnswer(HttpStatusCode.InternalServerError, "This cannot be told at present; the log says why.\n");
        }
    }

    private Pages PagesOf(Composition program) => _pages is { } pages && pages.Program == program ? pages : _pages = new Pages(program);

    /// <summary>What is made once for the settings that hold, and not for each question.</summary>
    private sealed class Pages
    {
        public Pages(Composition program)
        {
            var reader = new FactsReader([program.History, program.Verifications, program.LabelHistory]);
            Program = program;
            Readiness = new Readiness(program);
            Metadata = new MetadataLookup(program.Stores, program.LabelStores, program.Settings.Name);
            var labelled = program.Settings.Labels is { } labels ? new LabelledLook(program, labels) : null;
            Metrics = new MetricsPage(program, reader, labelled);
            Status = new StatusPage(program, reader, labelled);
        }

        public Composition Program { get; }

        public Readiness Readiness { get; }

        public MetadataLookup Metadata { get; }

        public MetricsPage Metrics { get; }

        public StatusPage Status { get; }
    }
}
