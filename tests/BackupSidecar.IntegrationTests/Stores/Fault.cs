using System.Text;

namespace BackupSidecar.IntegrationTests.Stores;

/// <summary>What the proxy does with one request.</summary>
internal abstract record Fault
{
    /// <summary>Answers in the server's place, which never sees the request.</summary>
    internal sealed record Answer(int Status, ReadOnlyMemory<byte> Body, params (string Name, string Value)[] Headers) : Fault
    {
        public Answer(int status, string body = "", string? location = null)
            : this(status, Encoding.UTF8.GetBytes(body), location is null ? [] : [("Location", location)])
        {
        }

        public static Answer Error(int status, string code, params (string Name, string Value)[] headers) =>
            new(status, Encoding.UTF8.GetBytes($"<Error><Code>{code}</Code><Message>injected</Message></Error>"), headers);
    }

    /// <summary>Passes the request on, and gives another answer than the server did.</summary>
    internal sealed record OtherAnswer(Answer Instead) : Fault;

    /// <summary>Passes the request on, and breaks the connection when the server has answered.</summary>
    internal sealed record LoseAnswer : Fault;

    /// <summary>Passes on the answer's head and only half of its body, and closes the connection.</summary>
    internal sealed record CutBody : Fault;

    /// <summary>Passes on so many bytes of the answer's body; if that is told, its head says that there are no more.</summary>
    internal sealed record Cut(int Bytes, bool IsTold) : Fault;

    /// <summary>Half of the body, with a head that says so: nothing of the answer itself tells that something is missing.</summary>
    internal sealed record ShortBody : Fault;

    /// <summary>Breaks the connection before anything of the request has been passed on.</summary>
    internal sealed record Reset : Fault;

    /// <summary>Passes on half of the request's body, and breaks both connections.</summary>
    internal sealed record ResetInRequest : Fault;

    /// <summary>Takes the request and says nothing.</summary>
    internal sealed record Silence : Fault;

    /// <summary>Takes half of the request's body, and no more.</summary>
    internal sealed record StallRequest : Fault;

    /// <summary>Gives half of the answer's body, and no more.</summary>
    internal sealed record StallAnswer : Fault;

    /// <summary>Changes one bit of the request's body on its way to the server.</summary>
    internal sealed record FlipRequest : Fault;

    /// <summary>Changes one bit of the answer's body on its way back.</summary>
    internal sealed record FlipAnswer : Fault;

    /// <summary>Changes a header of the answer, or adds it.</summary>
    internal sealed record Retitle(string Name, string Value) : Fault;

    /// <summary>Passes the request on when this has completed, and not a byte of it before.</summary>
    internal sealed record Hold(Task Until) : Fault;
}
