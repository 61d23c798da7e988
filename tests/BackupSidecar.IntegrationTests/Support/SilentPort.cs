using System.Net;
using System.Net.Sockets;

namespace BackupSidecar.IntegrationTests.Support;

/// <summary>A port that takes no connection and refuses none: its queue is full, and nobody serves it.</summary>
internal sealed class SilentPort : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Socket> _waiting = [];

    public SilentPort()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(1);
        for (var i = 0; i < 8; i++)
        {
            var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
            _waiting.Add(client);
            try
            {
                client.Connect((IPEndPoint)_listener.LocalEndPoint!); // It is bound.
            }
            catch (SocketException error) when (error.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
            {
                // It waits, as everybody here does.
            }
        }
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port; // It is bound.

    public void Dispose()
    {
        foreach (var client in _waiting)
            client.Dispose();
        _listener.Dispose();
    }
}
